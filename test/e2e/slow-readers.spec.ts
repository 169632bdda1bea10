/** Readers that take nothing while messages of events with a policy of their own are sent, over real sockets. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { PushEventDeclaration } from '../../src/index.js';
import { PushEvent } from '../../src/index.js';
import type { Envelope } from '../../src/protocol/frames.js';
import { eventually } from '../support/eventually.js';
import { READERS } from '../support/pausable-reader.js';
import type { PausableReader } from '../support/pausable-reader.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';

const EVENT = 'tick';
/** More than kernels take for a socket whose reader stands still. */
const SENT = 400;
const DATA_BYTES = 60_000;

let app: PushApp;
const readers: PausableReader[] = [];

afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  await app.close();
});

/** Resolves when the reader has read an event of this name. */
async function hasRead(reader: PausableReader, event: string): Promise<void> {
  await eventually(() => reader.frames.some((frame) => frame.event === event), { timeoutMs: 15_000 });
}

describe.each(PLATFORMS)('on %s', (platform) => {
  describe.each(READERS)('a reader over %s that takes nothing for a while', (_name, open) => {
    async function start(declared: Omit<PushEventDeclaration, 'name'>): Promise<PausableReader> {
      @PushEvent(EVENT, declared)
      class Tick {}
      app = await PushApp.start({ platform, push: { events: [Tick], maxQueueBytes: 1_000_000 } });
      const reader = await open(app, 'slow');
      readers.push(reader);
      await hasRead(reader, 'push:welcome');
      return reader;
    }

    /** Sends while the reader stands still; resolves when it has read the message that comes last. */
    async function sendPast(
      reader: PausableReader,
      options: { readonly collapseKey?: string } = {},
    ): Promise<Envelope[]> {
      reader.pause();
      const padding = 'x'.repeat(DATA_BYTES);
      for (let number = 1; number <= SENT; number++) {
        await app.push.toUser(
          'slow',
          EVENT,
          { number, padding },
          { ...options, report: number % 50 === 0 && { withinMs: 1 } },
        );
      }
      reader.resume();
      await app.push.toUser('slow', 'last');
      await hasRead(reader, 'last');
      return reader.frames.filter(({ event }) => event === EVENT || event === 'push:gap' || event === 'last');
    }

    function numbersOf(frames: readonly Envelope[]): number[] {
      return frames
        .filter(({ event }) => event === EVENT)
        .map(({ data }) => (data as { readonly number: number }).number);
    }

    it('gets the newest of what may be dropped oldest first, after a gap', async () => {
      const reader = await start({ slowReader: 'dropOldest' });
      const read = await sendPast(reader);
      const numbers = numbersOf(read);

      expect(numbers.length).toBeLessThan(SENT);
      expect(numbers.at(-1)).toBe(SENT);
      expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
      expect(read.filter(({ event }) => event === 'push:gap').map(({ data }) => data)).toEqual([{ reason: 'skipped' }]);
      expect(read.at(-1)?.event).toBe('last');
      expect(await app.push.isOnline('slow')).toBe(true);
    });

    it('gets the oldest of what may be dropped newest first, then a gap', async () => {
      const reader = await start({ slowReader: 'dropNewest' });
      const read = await sendPast(reader);
      const numbers = numbersOf(read);

      expect(numbers.length).toBeLessThan(SENT);
      expect(numbers).toEqual(numbers.map((_number, index) => index + 1));
      expect(read.slice(-2).map(({ event, data }) => [event, data])).toEqual([
        ['push:gap', { reason: 'skipped' }],
        ['last', null],
      ]);
    });

    it('gets the newest value of each key, and is told nothing', async () => {
      const reader = await start({ slowReader: 'coalesce' });
      const read = await sendPast(reader, { collapseKey: 'price' });
      const numbers = numbersOf(read);

      expect(numbers.length).toBeLessThan(SENT);
      expect(numbers.at(-1)).toBe(SENT);
      expect(read.filter(({ event }) => event === 'push:gap')).toEqual([]);
    });

    it('gets what was skipped when it comes back with a cursor from before the gap', async () => {
      const reader = await start({ slowReader: 'dropNewest' });
      const read = await sendPast(reader);
      const missing = numbersOf(read).length + 1;
      reader.close();
      const before = read.findLast(({ event }) => event === EVENT)?.cursor;

      const again = await open(app, 'slow', before);
      readers.push(again);
      await hasRead(again, 'last');

      const replayed = again.frames.filter(({ event }) => event === EVENT);
      // The log keeps the newest 100 of a user; of these whatever came after the cursor.
      expect(numbersOf(replayed)).toEqual(
        Array.from({ length: SENT }, (_, index) => index + 1).slice(Math.max(missing - 1, SENT - 99)),
      );
    });
  });
});
