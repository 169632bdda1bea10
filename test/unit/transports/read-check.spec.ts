import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock } from '../../../src/core/clock.js';
import { ManualClock } from '../../../src/testing/index.js';
import { ReadCheck, SHORTEST_SPAN_BYTES } from '../../../src/transports/ws/read-check.js';
import { ReadWatch } from '../../../src/transports/ws/read-watch.js';

const KIB = 1024;
const LOOK_MS = 100;
/** What may pass from one answer to the next, beside what an answer takes on its way. */
const PATIENCE_MS = 500;

class Peer {
  spanBytes = SHORTEST_SPAN_BYTES;
  isStill = false;
  asked = 0;
  canAnswer = true;
  isGone = false;

  sendQuestion(number: number): void {
    this.asked = number;
  }
}

let clock: ManualClock;
let peer: Peer;
let check: ReadCheck;

beforeEach(() => {
  clock = new ManualClock();
  peer = new Peer();
  check = new ReadCheck(peer, new ReadWatch(clock));
});

/** Has a question asked; says behind how many KiB it was due. */
function writeUntilAsked(): number {
  const span = peer.spanBytes / KIB;
  check.ask();
  return span;
}

/** Has a question asked and answered after so long; says how many KiB were written before it was asked. */
function exchange(afterMs: number): number {
  const span = writeUntilAsked();
  clock.advance(afterMs);
  expect(check.answered(peer.asked)).toBe(true);
  return span;
}

describe('a read check', () => {
  it('asks behind each 64 KiB that are written before there is an answer', () => {
    expect([writeUntilAsked(), writeUntilAsked(), writeUntilAsked()]).toEqual([64, 64, 64]);
    expect(peer.asked).toBe(3);
  });

  it('asks a peer that answers in time ever more rarely, up to 256 KiB', () => {
    expect([1, 2, 3, 4, 5, 6].map(() => exchange(PATIENCE_MS - LOOK_MS - 1))).toEqual([64, 128, 256, 256, 256, 256]);
  });

  it('asks as often as at first when the peer has stood still', () => {
    expect([exchange(0), exchange(0), exchange(PATIENCE_MS), exchange(0)]).toEqual([64, 128, 256, 64]);
  });

  it('finds that a peer stands still which has not answered for half a second, and not before', () => {
    writeUntilAsked();
    clock.advance(PATIENCE_MS - 1);
    expect(peer.isStill).toBe(false);
    clock.advance(1);
    expect(peer.isStill).toBe(true);
    check.answered(1);
    expect(peer.isStill).toBe(false);
  });

  it('finds so of nobody who was not asked', () => {
    clock.advance(60_000);
    expect(peer.isStill).toBe(false);
  });

  it('does not find so of a peer that goes on reading, however much is before it', () => {
    for (let count = 0; count < 40; count++) writeUntilAsked();
    for (let number = 1; number <= 40; number++) {
      clock.advance(PATIENCE_MS - LOOK_MS);
      expect(peer.isStill).toBe(false);
      check.answered(number);
    }
  });

  it('gives an answer the time that the quickest one took on its way, and half a second', () => {
    exchange(1_000);
    exchange(800);
    writeUntilAsked();
    clock.advance(800 + PATIENCE_MS - LOOK_MS);
    expect(peer.isStill).toBe(false);
    clock.advance(LOOK_MS);
    expect(peer.isStill).toBe(true);
  });

  it('learns that time from a question with others behind it', () => {
    writeUntilAsked();
    clock.advance(300);
    writeUntilAsked();
    clock.advance(300);
    check.answered(1);
    clock.advance(300);
    check.answered(2);

    writeUntilAsked();
    clock.advance(600 + PATIENCE_MS - LOOK_MS);
    expect(peer.isStill).toBe(false);
    clock.advance(LOOK_MS);
    expect(peer.isStill).toBe(true);
  });

  it('gives no answer more than two and a half seconds', () => {
    exchange(60_000);
    writeUntilAsked();
    clock.advance(2_500 - LOOK_MS);
    expect(peer.isStill).toBe(false);
    clock.advance(LOOK_MS);
    expect(peer.isStill).toBe(true);
  });

  it('takes the answer to a question for one to those before it', () => {
    writeUntilAsked();
    writeUntilAsked();
    expect([check.answered(2), check.answered(1)]).toEqual([true, false]);
    clock.advance(60_000);
    expect(peer.isStill).toBe(false);
  });

  it.each([0, 2, -1, Number.NaN])('takes an answer with the number %p for none where 1 is open', (number) => {
    writeUntilAsked();
    expect(check.answered(number)).toBe(false);
    clock.advance(PATIENCE_MS);
    expect(peer.isStill).toBe(true);
  });

  it('counts looks and not time, for an event loop that stood still has read no answers', () => {
    const late = new ReadCheck(peer, new ReadWatch(everyMinute(clock)));
    late.ask();
    clock.advance(4 * 60_000);
    expect(peer.isStill).toBe(false);
    clock.advance(60_000);
    expect(peer.isStill).toBe(true);
  });

  it('does not hold its silence against a peer that is not being read, nor what was before that', () => {
    writeUntilAsked();
    clock.advance(PATIENCE_MS);
    expect(peer.isStill).toBe(true);
    peer.canAnswer = false;
    clock.advance(60_000);
    expect(peer.isStill).toBe(false);
    peer.canAnswer = true;
    clock.advance(PATIENCE_MS - LOOK_MS);
    expect(peer.isStill).toBe(false);
    clock.advance(LOOK_MS);
    expect(peer.isStill).toBe(true);
  });
});

describe('a read watch', () => {
  it.each([
    ['answered', (asked: ReadCheck) => void asked.answered(1)],
    ['left', () => void (peer.isGone = true)],
  ])('has one timer while answers are awaited, and none when all peers have %s', (_how, end) => {
    const timers = new CountedClock(clock);
    const watch = new ReadWatch(timers);
    const checks = [new ReadCheck(peer, watch), new ReadCheck(peer, watch)];
    expect(timers.running).toBe(0);
    for (const one of checks) one.ask();
    expect(timers.running).toBe(1);
    for (const one of checks) end(one);
    clock.advance(LOOK_MS);
    expect(timers.running).toBe(0);
  });
});

/** Knows how many timers run. */
class CountedClock implements Clock {
  running = 0;

  constructor(private readonly inner: Clock) {}

  now(): number {
    return this.inner.now();
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.inner.after(delayMs, callback);
  }

  every(intervalMs: number, callback: () => void): () => void {
    const cancel = this.inner.every(intervalMs, callback);
    this.running++;
    return () => {
      this.running--;
      cancel();
    };
  }
}

function everyMinute(inner: Clock): Clock {
  return {
    now: () => inner.now(),
    after: (delayMs, callback) => inner.after(delayMs, callback),
    every: (_intervalMs, callback) => inner.every(60_000, callback),
  };
}
