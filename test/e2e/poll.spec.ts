import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Envelope } from '../../src/protocol/frames.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { bearer, signToken } from '../support/tokens.js';

interface PollBody {
  readonly messages: readonly Envelope[];
  readonly cursor: string;
  readonly more: boolean;
}

let app: PushApp;

function ask(query = '', init: RequestInit = {}): Promise<Response> {
  return fetch(`${app.origin}/push/poll${query}`, { headers: bearer(signToken()), ...init });
}

async function poll(query = ''): Promise<PollBody> {
  const response = await ask(query);
  expect(response.status).toBe(200);
  return (await response.json()) as PollBody;
}

async function waiting(count = 1): Promise<void> {
  await eventually(async () => (await app.push.connections({})).items.length === count);
}

describe.each(PLATFORMS)('a poll on %s', (platform) => {
  beforeEach(async () => {
    app = await PushApp.start({ platform, push: { origins: ['https://shop.example'] } });
  });
  afterEach(() => app.close());

  it('answers what comes while it waits, all of one burst at once', async () => {
    const answer = poll();
    await waiting();

    const receipts = await Promise.all(['a', 'b', 'c'].map((event) => app.push.toUser('7', event, 1)));

    const { messages, cursor, more } = await answer;
    expect(messages.map(({ event }) => event)).toEqual(['a', 'b', 'c']);
    expect(cursor).toBe(messages.at(-1)?.cursor);
    expect(more).toBe(false);
    expect(receipts.map(({ matched, written }) => [matched.connections, written])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
  });

  it('is a complete client in a loop', async () => {
    const { cursor: start } = await poll('?wait=0');
    for (let index = 0; index < 250; index++) await app.push.toUser('7', 'n', index, { store: 'history' });
    // More than the log holds were sent, so the first answer says that some are missing.
    const seen: unknown[] = [];
    let cursor = start;
    for (let more = true; more;) {
      const answer = await poll(`?wait=0&cursor=${cursor}`);
      expect(answer.messages.length).toBeLessThanOrEqual(100);
      seen.push(...answer.messages.map(({ event, data }) => (event === 'n' ? data : event)));
      ({ cursor, more } = answer);
    }
    expect(seen).toEqual(['push:gap', ...Array.from({ length: 100 }, (_, index) => 150 + index)]);
    expect((await poll(`?wait=0&cursor=${cursor}`)).messages).toEqual([]);
  });

  it('is empty after its wait, with a place that it can go on from', async () => {
    await app.push.toUser('8', 'other', 1);
    const { messages, cursor } = await poll('?wait=0.05');
    expect(messages).toEqual([]);
    await app.push.toUser('7', 'mine', 1);
    expect((await poll(`?cursor=${cursor}`)).messages).toMatchObject([{ event: 'mine' }]);
  });

  it('is freed at once when its client leaves', async () => {
    const controller = new AbortController();
    const answer = ask('', { signal: controller.signal }).catch(() => 'left');
    await waiting();
    controller.abort();
    expect(await answer).toBe('left');
    await waiting(0);
  });
});
