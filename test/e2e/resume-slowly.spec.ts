/** Clients that come back and take what they missed more slowly than more comes. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Envelope } from '../../src/protocol/frames.js';
import { eventually } from '../support/eventually.js';
import { PushApp } from '../support/push-app.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken } from '../support/tokens.js';
import { WsClient } from '../support/ws-client.js';

const PADDING = 'x'.repeat(30_000);
/** More than the kernels take beside what a queue holds. */
const MISSED = 300;
const SINCE = 100;

let app: PushApp;

interface Reader {
  pause(): void;
  resume(): void;
  readonly frames: readonly Envelope[];
  close(): void;
}

async function openWs(query: string): Promise<Reader> {
  const client = await WsClient.connect(app.wsUrl + query, { token: signToken({ sub: '7' }) });
  return {
    pause: () => client.socket.pause(),
    resume: () => client.socket.resume(),
    frames: client.frames,
    close: () => client.socket.terminate(),
  };
}

async function openSse(query: string): Promise<Reader> {
  const client = await SseClient.open(`${app.origin}/push/sse${query}`, bearer(signToken({ sub: '7' })));
  return {
    pause: () => client.response.pause(),
    resume: () => client.response.resume(),
    get frames() {
      return client.blocks.flatMap(({ data }) => (data === undefined ? [] : [JSON.parse(data) as Envelope]));
    },
    close: () => client.close(),
  };
}

const readers: Reader[] = [];

afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  await app.close();
});

async function send(from: number, count: number): Promise<void> {
  for (let number = from; number < from + count; number++) await app.push.toUser('7', 'tick', { number, PADDING });
}

describe.each([
  ['ws', openWs],
  ['sse', openSse],
])('a client over %s that comes back and stands still', (_name, open) => {
  it('gets all that came meanwhile from the log, however much more that is than its queue holds', async () => {
    app = await PushApp.start({ push: { historyCount: 1_000, maxQueueBytes: 200_000 } });
    const first = await open('');
    readers.push(first);
    await eventually(() => first.frames.length === 1);
    const [cursor] = first.frames.map(({ data }) => (data as { readonly cursor: string }).cursor);
    first.close();
    await send(1, MISSED);

    const reader = await open(`?cursor=${cursor}`);
    readers.push(reader);
    reader.pause();
    await send(MISSED + 1, SINCE);
    expect(await app.push.isOnline('7')).toBe(true);
    reader.resume();

    const numbers = () =>
      reader.frames
        .filter(({ event }) => event === 'tick')
        .map(({ data }) => (data as { readonly number: number }).number);
    await eventually(() => numbers().length >= MISSED + SINCE);
    expect(numbers()).toEqual(Array.from({ length: MISSED + SINCE }, (_, index) => index + 1));
    expect(reader.frames.filter(({ event }) => event.startsWith('push:')).map(({ event }) => event)).toEqual([
      'push:welcome',
    ]);
    await app.push.toUser('7', 'live');
    await eventually(() => reader.frames.at(-1)?.event === 'live');
  });
});
