import { beforeEach, describe, expect, it } from '@jest/globals';
import { EventLoopWatch } from '../../../src/core/event-loop-watch.js';

const SAMPLE_MS = 50;

let nowMs: number;
let sample: () => void;
let watch: EventLoopWatch;

function start(maxDelayMs: number): void {
  nowMs = 1_000;
  sample = () => {};
  const every = (_intervalMs: number, callback: () => void) => {
    sample = callback;
    return () => (sample = () => {});
  };
  watch = new EventLoopWatch({ every }, maxDelayMs, () => nowMs);
  watch.start();
}

/** The next sample comes so much later than it should. */
function late(milliseconds: number): void {
  nowMs += SAMPLE_MS + milliseconds;
  sample();
}

beforeEach(() => start(250));

describe('EventLoopWatch', () => {
  it('takes one long task for no overload', () => {
    late(3_000);
    expect(watch.isLate).toBe(false);
    late(0);
    expect(watch.isLate).toBe(false);
  });

  it('says that the loop is late when it has been so three times in a row', () => {
    late(300);
    late(300);
    expect(watch.isLate).toBe(false);
    late(300);
    expect(watch.isLate).toBe(true);
  });

  it('says so in the middle of the third turn that takes too long', () => {
    late(300);
    late(300);
    nowMs += SAMPLE_MS + 251;
    expect(watch.isLate).toBe(true);
  });

  it('says no more when the loop is in time again', () => {
    for (let turn = 0; turn < 5; turn++) late(300);
    late(250);
    expect(watch.isLate).toBe(false);
  });

  it('watches nothing where there is no limit, and when it was stopped', () => {
    for (let turn = 0; turn < 5; turn++) late(300);
    watch.stop();
    expect(watch.isLate).toBe(false);
    start(0);
    for (let turn = 0; turn < 5; turn++) late(10_000);
    expect(watch.isLate).toBe(false);
  });
});
