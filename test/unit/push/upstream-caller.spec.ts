import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FakeUpstream } from '../../support/fake-upstream.js';
import { turn } from '../../support/scripted-log.js';

let upstream: FakeUpstream;

beforeEach(() => {
  upstream = new FakeUpstream();
});

async function send(event = 'a', userId = '7'): Promise<unknown> {
  const { answers } = upstream.send({ event }, { userId });
  await turn();
  return answers[0];
}

const known = () => upstream.handlers.connections.map(({ userId }) => userId);
const gone = () => upstream.handlers.gone.map(({ userId }) => userId);

describe('a user who sends frames without a stream', () => {
  it('is one connection to the handlers, that no message reaches', async () => {
    for (let count = 0; count < 3; count++) await send();
    await send('a', '8');
    const [seven, eight] = upstream.handlers.connections;
    expect(known()).toEqual(['7', '8']);
    expect(upstream.handlers.begun.map(({ id }) => id)).toEqual([seven?.id, seven?.id, seven?.id, eight?.id]);
    expect([seven?.transport.name, upstream.fakes.registry.size]).toEqual(['poll', 0]);
  });

  it('is unknown to the handlers until a frame is for them', async () => {
    await send('push:ping');
    await send('push:other');
    expect([known(), gone()]).toEqual([[], []]);
    await send('nobody');
    expect(known()).toEqual(['7']);
  });

  it('takes frames of the protocol only as one that the handlers need not hear the end of', async () => {
    await send('push:ping');
    upstream.service.stop();
    expect(gone()).toEqual([]);
  });

  it('is gone a minute after its last frame', async () => {
    await send();
    upstream.fakes.clock.advance(50_000);
    await send();
    upstream.fakes.clock.advance(50_000);
    expect(gone()).toEqual([]);
    upstream.fakes.clock.advance(10_000);
    expect([gone(), upstream.handlers.gone[0]?.isOpen]).toEqual([['7'], false]);
  });

  it('comes back as another connection', async () => {
    await send();
    upstream.fakes.clock.advance(60_000);
    expect(await send()).toMatchObject({ event: 'push:ok' });
    expect([known(), gone()]).toEqual([['7', '7'], ['7']]);
    upstream.fakes.clock.advance(70_000);
    expect(gone()).toEqual(['7', '7']);
  });

  it('stays while a frame is carried out, and a minute from its end', async () => {
    upstream = new FakeUpstream({ upstreamTimeoutMs: 601_000 });
    await send('hold');
    upstream.fakes.clock.advance(600_000);
    expect(gone()).toEqual([]);
    await upstream.handlers.release();
    upstream.fakes.clock.advance(50_000);
    expect(gone()).toEqual([]);
    upstream.fakes.clock.advance(10_000);
    expect(gone()).toEqual(['7']);
  });

  it('makes room for another when there are as many as there may be connections', async () => {
    upstream = new FakeUpstream({ maxConnections: 2 });
    for (const userId of ['7', '8', '9']) await send('a', userId);
    expect([known(), gone()]).toEqual([['7', '8', '9'], ['7']]);
  });

  it('makes no room while its frame is carried out', async () => {
    upstream = new FakeUpstream({ maxConnections: 2 });
    for (const [event, userId] of [
      ['hold', '7'],
      ['a', '8'],
      ['a', '9'],
    ]) {
      await send(event, userId);
    }
    expect(gone()).toEqual(['8']);
  });

  it('is gone once when a handler closes it, and what waits is told so', async () => {
    const sent = ['hold', 'leave', 'a'].map((event) => upstream.send({ event }));
    await turn();
    await upstream.handlers.release();
    expect(sent.map(({ answers }) => answers.map(({ event }) => event))).toEqual([
      ['push:ok'],
      ['push:error'],
      ['push:error'],
    ]);
    expect(sent[2]?.answers).toMatchObject([{ data: { code: 'forbidden', detail: 'the connection has ended' } }]);
    upstream.service.stop();
    expect(gone()).toEqual(['7']);
  });

  it('is another connection after a handler has closed it', async () => {
    await send('leave');
    expect(await send()).toEqual({ event: 'push:ok', data: 'a' });
    expect([known(), gone()]).toEqual([['7', '7'], ['7']]);
  });

  it('leaves no timer behind when the application ends', async () => {
    const cancel = jest.fn();
    jest.spyOn(upstream.fakes.clock, 'every').mockReturnValue(cancel);
    await send();
    upstream.service.stop();
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  it('ends with the application, once', async () => {
    await send();
    upstream.service.stop();
    upstream.fakes.clock.advance(120_000);
    upstream.service.stop();
    expect([gone(), upstream.handlers.gone[0]?.isOpen]).toEqual([['7'], false]);
  });
});
