import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SharedLimits } from '../../src/backing/shared-limits.interface.js';

/** Limits to be judged, and the means to let their time pass. */
export interface SharedLimitsSubject {
  readonly limits: SharedLimits;
  /** Moves the time of the buckets forward. */
  advance(milliseconds: number): Promise<void> | void;
  /** Ends what the subject started. */
  close(): Promise<void> | void;
}

/** Names that would mean something to whoever puts keys together carelessly. */
const HOSTILE = ['user:7', 'user:7}:x', '{user:7}', '*', ' ', '', '__proto__', 'user:\n7', 'ü☃', 'x'.repeat(10_000)];

/** How many calls were granted, and within how many milliseconds. */
async function grantedOf(
  count: number,
  call: () => unknown,
): Promise<{ readonly granted: number; readonly ms: number }> {
  const startedAtMs = performance.now();
  const verdicts = (await Promise.all(Array.from({ length: count }, call))) as { readonly isGranted: boolean }[];
  return { granted: verdicts.filter(({ isGranted }) => isGranted).length, ms: performance.now() - startedAtMs };
}

/** What all limits must keep to, on one node. `create` makes some that nothing was counted by yet. */
export function describeSharedLimits(
  name: string,
  create: () => Promise<SharedLimitsSubject> | SharedLimitsSubject,
): void {
  let subject: SharedLimitsSubject;
  let counts: SharedLimits['counts'];
  let rates: SharedLimits['rates'];

  beforeEach(async () => {
    subject = await create();
    ({ counts, rates } = subject.limits);
  });
  afterEach(() => subject.close());

  describe(`${name} as ConnectionCounts`, () => {
    it('lets in as many as the limit says and no more', async () => {
      const verdicts = [];
      for (let here = 1; here <= 4; here++) verdicts.push(await counts.enter('user:7', here, 3));
      expect(verdicts).toEqual([true, true, true, false]);
    });

    it('lets one more in when one has left', async () => {
      await counts.enter('user:7', 1, 2);
      await counts.enter('user:7', 2, 2);
      expect(await counts.enter('user:7', 3, 2)).toBe(false);
      counts.settle('user:7', 2);
      counts.settle('user:7', 1);
      expect(await counts.enter('user:7', 2, 2)).toBe(true);
    });

    it('says whether there would be room without taking it', async () => {
      expect(await counts.hasRoom('user:7', 1, 1)).toBe(true);
      expect(await counts.hasRoom('user:7', 1, 1)).toBe(true);
      await counts.enter('user:7', 1, 1);
      expect(await counts.hasRoom('user:7', 2, 1)).toBe(false);
      expect(await counts.enter('user:7', 1, 1)).toBe(true);
    });

    it('keeps all subjects apart, whatever they are called', async () => {
      for (const subjectName of HOSTILE) expect(await counts.enter(subjectName, 1, 1)).toBe(true);
      for (const subjectName of HOSTILE) expect(await counts.enter(subjectName, 2, 1)).toBe(false);
    });

    it('lets a crowd that comes at once in up to the limit', async () => {
      const crowd = Array.from({ length: 20 }, async (_, index) => counts.enter('user:7', index + 1, 5));
      expect((await Promise.all(crowd)).filter(Boolean)).toHaveLength(5);
    });
  });

  describe(`${name} as RateBuckets`, () => {
    it('grants what a full bucket holds, and then what comes', async () => {
      const { granted, ms } = await grantedOf(300, () => rates.spend('caller', 100, 1));
      expect(granted).toBeGreaterThanOrEqual(100);
      expect(granted).toBeLessThanOrEqual(101 + ms / 10);
    });

    it('says how many tokens are left, and when to come back', async () => {
      expect(await rates.spend('other', 1_000, 10)).toEqual({ isGranted: true, remaining: 990, retryAfterMs: 0 });
      expect(await rates.spend('caller', 1_000, 20_000)).toEqual({ isGranted: true, remaining: 0, retryAfterMs: 0 });
      await subject.advance(1_000);
      const { isGranted, remaining, retryAfterMs } = await rates.spend('caller', 1_000, 1);
      expect({ isGranted, remaining }).toEqual({ isGranted: false, remaining: 0 });
      expect(retryAfterMs).toBeGreaterThan(8_000);
      expect(retryAfterMs).toBeLessThanOrEqual(18_001);
    });

    it('grants a cost past the whole bucket to a full one, which then owes it', async () => {
      expect(await rates.spend('caller', 10, 100)).toMatchObject({ isGranted: true, remaining: 0 });
      await subject.advance(5_000);
      expect(await rates.spend('caller', 10, 1)).toMatchObject({ isGranted: false });
      await subject.advance(5_000);
      expect(await rates.spend('caller', 10, 1)).toMatchObject({ isGranted: true });
    });

    it('is full again after a quiet second, and never more than full', async () => {
      await grantedOf(100, () => rates.spend('caller', 100, 1));
      await subject.advance(60_000);
      const { granted, ms } = await grantedOf(300, () => rates.spend('caller', 100, 1));
      expect(granted).toBeGreaterThanOrEqual(100);
      expect(granted).toBeLessThanOrEqual(101 + ms / 10);
    });

    it('keeps all subjects apart, whatever they are called', async () => {
      for (const subjectName of HOSTILE) await rates.spend(subjectName, 10, 1_000);
      for (const subjectName of HOSTILE)
        expect(await rates.spend(subjectName, 10, 1)).toMatchObject({ isGranted: false });
      expect(await rates.spend('another', 10, 1)).toMatchObject({ isGranted: true });
    });

    it('gives single tokens up to the rate, about', async () => {
      const { granted, ms } = await grantedOf(500, () => rates.take('user', 100));
      expect(granted).toBeGreaterThanOrEqual(100);
      // One chunk for nothing, and a hundredth of the rate after it.
      expect(granted).toBeLessThanOrEqual(112 + (ms / 10) * 1.01);
      const { isGranted, retryAfterMs } = await rates.take('user', 100);
      if (!isGranted) expect(retryAfterMs).toBeGreaterThan(0);
    });

    it('gives single tokens at a rate of one a second', async () => {
      expect(await rates.take('user', 1)).toMatchObject({ isGranted: true });
    });
  });
}
