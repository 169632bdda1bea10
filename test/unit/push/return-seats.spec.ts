import { describe, expect, it } from '@jest/globals';
import { ReturnSeats } from '../../../src/push/return-seats.js';

const NOW_MS = 1_000_000;

describe('ReturnSeats', () => {
  it('gives each client a time of its own, at an even pace, after a second', () => {
    const seats = new ReturnSeats(100);
    const waits = Array.from({ length: 300 }, () => seats.take(NOW_MS));
    expect(waits.slice(0, 4)).toEqual([1_000, 1_010, 1_020, 1_030]);
    expect(waits.at(-1)).toBe(3_990);
    expect(new Set(waits).size).toBe(300);
  });

  it('goes on after those that it gave before, and begins anew when they are over', () => {
    const seats = new ReturnSeats(10);
    for (let client = 0; client < 20; client++) seats.take(NOW_MS);
    expect(seats.take(NOW_MS + 500)).toBe(2_500);
    expect(seats.take(NOW_MS + 60_000)).toBe(1_000);
  });

  it('tells nobody to stay away for more than a minute', () => {
    const seats = new ReturnSeats(1);
    const waits = Array.from({ length: 500 }, () => seats.take(NOW_MS));
    expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(1_000);
    expect(new Set(waits.slice(100)).size).toBeGreaterThan(300);
  });
});
