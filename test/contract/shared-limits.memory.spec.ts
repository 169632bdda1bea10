import { describe, expect, it } from '@jest/globals';
import { MemoryLimits } from '../../src/backing/memory/memory-limits.js';
import { describeSharedLimits } from './shared-limits.suite.js';

describeSharedLimits('MemoryLimits', () => {
  let aheadMs = 0;
  return {
    limits: new MemoryLimits({ now: () => Math.round(performance.now()) + aheadMs }),
    advance: (milliseconds) => void (aheadMs += milliseconds),
    close: () => undefined,
  };
});

describe('MemoryLimits', () => {
  it('answers at once, never with a promise', () => {
    const { counts, rates } = new MemoryLimits();
    expect(counts.enter('user:7', 1, 1)).toBe(true);
    expect(counts.hasRoom('user:7', 2, 1)).toBe(false);
    expect(rates.spend('caller', 10, 1)).toEqual({ isGranted: true, remaining: 9, retryAfterMs: 0 });
    expect(rates.take('user', 10)).toEqual({ isGranted: true, remaining: 9, retryAfterMs: 0 });
  });

  it('forgets buckets that are full again', () => {
    let nowMs = 0;
    const { rates } = new MemoryLimits({ now: () => nowMs });
    for (let user = 0; user < 1_000; user++) rates.take(`user:${user}`, 10);
    expect(rates.size).toBe(1_000);
    nowMs += 1_000;
    for (let user = 0; user < 600; user++) rates.take(`other:${user}`, 10);
    expect(rates.size).toBe(600);
  });
});
