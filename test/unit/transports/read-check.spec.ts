import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../src/testing/index.js';
import { ReadCheck } from '../../../src/transports/ws/read-check.js';
import { ReadWatch } from '../../../src/transports/ws/read-watch.js';

const KIB = 1024;
/** What an answer may take at most, and what it may take in any case. */
const PATIENCE_MS = 500;
const LEAST_PATIENCE_MS = 400;

let clock: ManualClock;
let peer: { questions: number; canAnswer: boolean; isGone: boolean; ask(): void };
let check: ReadCheck;

beforeEach(() => {
  clock = new ManualClock();
  peer = { questions: 0, canAnswer: true, isGone: false, ask: () => void peer.questions++ };
  check = new ReadCheck(peer, new ReadWatch(clock));
});

/** Writes in pieces of 1 KiB until a question is asked, and says how many KiB that took. */
function writeUntilAsked(): number {
  const { questions } = peer;
  for (let written = 1; ; written++) {
    check.wrote(KIB);
    if (peer.questions > questions) return written;
    if (written > 4096) throw new Error('not asked within 4 MiB');
  }
}

describe('a read check', () => {
  it('asks behind the first 64 KiB', () => {
    expect(writeUntilAsked()).toBe(64);
  });

  it('has one question on the way at a time', () => {
    writeUntilAsked();
    check.wrote(8 * KIB * KIB);
    expect(peer.questions).toBe(1);
  });

  it('asks a peer that answers in time ever more rarely, up to 1 MiB', () => {
    const spans = [1, 2, 3, 4, 5, 6].map(() => {
      const span = writeUntilAsked();
      clock.advance(LEAST_PATIENCE_MS - 1);
      check.answered();
      return span;
    });
    expect(spans).toEqual([64, 128, 256, 512, 1024, 1024]);
  });

  it('counts what was written while an answer was on the way', () => {
    writeUntilAsked();
    check.wrote(100 * KIB);
    check.answered();
    expect(writeUntilAsked()).toBe(28);
  });

  it('asks again at once where more than a span was written while an answer was on the way', () => {
    writeUntilAsked();
    check.wrote(128 * KIB);
    check.answered();
    expect(peer.questions).toBe(2);
  });

  it('waits for a peer that has not answered in time, and not before', () => {
    writeUntilAsked();
    clock.advance(PATIENCE_MS - 1);
    expect(check.isBehind).toBe(false);
    clock.advance(1);
    expect(check.isBehind).toBe(true);
  });

  it('waits for nobody who was not asked', () => {
    check.wrote(64 * KIB - 1);
    clock.advance(60_000);
    expect(check.isBehind).toBe(false);
  });

  it('counts looks and not time, for an event loop that stood still has read no answers', () => {
    const watch = new ReadWatch({
      now: () => clock.now(),
      after: (delayMs, callback) => clock.after(delayMs, callback),
      every: (_intervalMs, callback) => clock.every(60_000, callback),
    });
    const late = new ReadCheck(peer, watch);
    late.wrote(64 * KIB);
    clock.advance(4 * 60_000);
    expect(late.isBehind).toBe(false);
  });

  it('goes on with a peer that answers late, 64 KiB at a time', () => {
    writeUntilAsked();
    check.answered();
    writeUntilAsked();
    clock.advance(PATIENCE_MS);
    expect(check.answered()).toBe(true);
    expect(check.isBehind).toBe(false);
    expect(writeUntilAsked()).toBe(64);
    expect(check.isBehind).toBe(true);
  });

  it('trusts a peer again that has answered in time', () => {
    writeUntilAsked();
    clock.advance(PATIENCE_MS);
    check.answered();
    writeUntilAsked();
    check.answered();
    expect(writeUntilAsked()).toBe(128);
    expect(check.isBehind).toBe(false);
  });

  it('does not hold its silence against a peer that is not being read', () => {
    writeUntilAsked();
    peer.canAnswer = false;
    clock.advance(60_000);
    expect(check.isBehind).toBe(false);
    peer.canAnswer = true;
    clock.advance(PATIENCE_MS - 1);
    expect(check.isBehind).toBe(false);
    clock.advance(1);
    expect(check.isBehind).toBe(true);
    peer.canAnswer = false;
    expect(check.isBehind).toBe(false);
  });

  it('takes an answer that nobody asked for as none', () => {
    expect(check.answered()).toBe(false);
    writeUntilAsked();
    expect(check.answered()).toBe(true);
    expect(check.answered()).toBe(false);
    expect(writeUntilAsked()).toBe(128);
  });
});

describe('a read watch', () => {
  /** How many timers run. */
  let timers: number;
  let watch: ReadWatch;

  beforeEach(() => {
    timers = 0;
    watch = new ReadWatch({
      now: () => clock.now(),
      after: (delayMs, callback) => clock.after(delayMs, callback),
      every: (intervalMs, callback) => {
        const cancel = clock.every(intervalMs, callback);
        timers++;
        return () => {
          timers--;
          cancel();
        };
      },
    });
  });

  it.each([
    ['answered', (asked: ReadCheck) => void asked.answered()],
    ['left', () => void (peer.isGone = true)],
    ['been found behind', () => clock.advance(PATIENCE_MS)],
  ])('has one timer while answers are awaited, and none when all peers have %s', (_how, end) => {
    const checks = [new ReadCheck(peer, watch), new ReadCheck(peer, watch)];
    expect(timers).toBe(0);
    for (const one of checks) one.wrote(64 * KIB);
    expect(timers).toBe(1);
    for (const one of checks) end(one);
    clock.advance(100);
    expect(timers).toBe(0);
  });
});
