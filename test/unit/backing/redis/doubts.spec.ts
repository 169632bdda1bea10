import { describe, expect, it } from '@jest/globals';
import { PushError } from '../../../../src/core/push-error.js';
import { Doubts } from '../../../../src/backing/redis/doubts.js';
import { FollowedChannel } from '../../../../src/backing/redis/followed-channel.js';

const turn = () => new Promise(setImmediate);

describe('Doubts', () => {
  it('asks of every channel that is doubted while another question is under way, each once', async () => {
    const asked: (string | undefined)[] = [];
    const answers: (() => void)[] = [];
    const ask = (channel: FollowedChannel | undefined) => {
      asked.push(channel?.name);
      return new Promise<void>((resolve) => answers.push(resolve));
    };
    const doubts = new Doubts(ask, () => {});
    const [one, other] = ['one', 'other'].map((name) => new FollowedChannel(name, `log:${name}`, 1_000));
    doubts.raise();
    for (const channel of [one, other, one]) doubts.raise(channel);
    expect(asked).toEqual([undefined]);
    answers[0]?.();
    await turn();
    expect(asked).toEqual([undefined, 'one', 'other']);
  });

  it('come of five refusals in a row, and of nothing else', async () => {
    let raised = 0;
    const doubts = new Doubts(
      () => Promise.resolve(),
      () => {},
    );
    const see = (answer: Promise<unknown>) =>
      doubts
        .watch(answer, () => raised++)
        .then(
          () => 'taken',
          () => 'failed',
        );
    const refusal = () => Promise.reject(new PushError('PUSH_ERR_UNAVAILABLE', 'refused', { isRefusal: true }));
    for (let time = 0; time < 4; time++) expect(await see(refusal())).toBe('failed');
    expect(await see(Promise.resolve())).toBe('taken');
    for (let time = 0; time < 4; time++) await see(refusal());
    for (let time = 0; time < 6; time++) await see(Promise.reject(new PushError('PUSH_ERR_UNAVAILABLE', 'away')));
    expect(raised).toBe(0);
    await see(refusal());
    expect(raised).toBe(1);
  });

  it('tells of silence once, and can be raised again', async () => {
    let silences = 0;
    const doubts = new Doubts(
      () => Promise.reject(new Error('no answer')),
      () => silences++,
    );
    doubts.raise();
    await turn();
    doubts.raise();
    await turn();
    expect(silences).toBe(2);
  });
});
