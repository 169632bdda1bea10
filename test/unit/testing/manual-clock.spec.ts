import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../src/testing/manual-clock.js';

const START_MS = Date.UTC(2026, 0, 1);

describe('ManualClock', () => {
  it('stands still until it is moved', () => {
    const clock = new ManualClock();
    expect([clock.now(), clock.now()]).toEqual([START_MS, START_MS]);
    clock.advance(1_500);
    expect(clock.now()).toBe(START_MS + 1_500);
  });

  it('begins where it is told to', () => {
    expect(new ManualClock(42).now()).toBe(42);
  });

  it('calls back once when the delay is over and not before', () => {
    const clock = new ManualClock(0);
    const calls: number[] = [];
    clock.after(100, () => calls.push(clock.now()));

    clock.advance(99);
    expect(calls).toEqual([]);
    clock.advance(1_000);

    expect(calls).toEqual([100]);
  });

  it('calls back at every interval that passes', () => {
    const clock = new ManualClock(0);
    const calls: number[] = [];
    clock.every(100, () => calls.push(clock.now()));

    clock.advance(350);

    expect(calls).toEqual([100, 200, 300]);
  });

  it('calls back in the order in which the timers are due', () => {
    const clock = new ManualClock(0);
    const calls: string[] = [];
    clock.after(200, () => calls.push('late'));
    clock.every(90, () => calls.push('every'));
    clock.after(100, () => calls.push('early'));

    clock.advance(200);

    expect(calls).toEqual(['every', 'early', 'every', 'late']);
  });

  it('calls back what was set by a callback within the same step', () => {
    const clock = new ManualClock(0);
    const calls: number[] = [];
    clock.after(10, () => clock.after(10, () => calls.push(clock.now())));

    clock.advance(100);

    expect(calls).toEqual([20]);
  });

  it('does not call back what was cancelled, also by an earlier callback of the same step', () => {
    const clock = new ManualClock(0);
    const calls: string[] = [];
    const cancelInterval = clock.every(10, () => calls.push('interval'));
    const cancelLate = clock.after(30, () => calls.push('late'));
    clock.after(15, () => {
      cancelInterval();
      cancelLate();
    });

    clock.advance(100);

    expect(calls).toEqual(['interval']);
  });
});
