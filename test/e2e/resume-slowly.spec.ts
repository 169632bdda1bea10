/** Clients that come back and take what they missed more slowly than more comes. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { READERS } from '../support/pausable-reader.js';
import type { PausableReader } from '../support/pausable-reader.js';
import { PushApp } from '../support/push-app.js';

const PADDING = 'x'.repeat(30_000);
/** More than the kernels take beside what a queue holds. */
const MISSED = 300;
const SINCE = 100;

let app: PushApp;

const readers: PausableReader[] = [];

afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  await app.close();
});

async function send(from: number, count: number): Promise<void> {
  for (let number = from; number < from + count; number++) await app.push.toUser('7', 'tick', { number, PADDING });
}

describe.each(READERS)('a client over %s that comes back and stands still', (_name, open) => {
  it('gets all that came meanwhile from the log, however much more that is than its queue holds', async () => {
    app = await PushApp.start({ push: { historyCount: 1_000, maxQueueBytes: 200_000 } });
    const first = await open(app, '7');
    readers.push(first);
    await eventually(() => first.frames.length === 1);
    const [cursor] = first.frames.map(({ data }) => (data as { readonly cursor: string }).cursor);
    first.close();
    await send(1, MISSED);

    const reader = await open(app, '7', cursor);
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
