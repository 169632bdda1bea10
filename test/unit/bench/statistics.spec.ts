import { describe, expect, it } from '@jest/globals';
import { median, quantile, sandwichRatios, summary } from '../../../bench/runner/statistics.mjs';

describe('statistics of the benchmark', () => {
  it('takes the middle value of an odd number of values', () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  it('takes the middle between the two middle values of an even number', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('interpolates a quantile between its neighbours', () => {
    expect(quantile([0, 10, 20, 30, 40], 0.9)).toBeCloseTo(36);
  });

  it('gives the only value as each quantile of one value', () => {
    expect(summary([7])).toEqual({ median: 7, lower: 7, upper: 7, count: 1 });
  });

  it('has no median of nothing', () => {
    expect(median([])).toBeNaN();
  });

  it('leaves the values in their order', () => {
    const values = [3, 1, 2];
    summary(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('is not moved by one disturbed run', () => {
    expect(median([1, 1, 1, 1, 100])).toBe(1);
  });

  it('holds the middle of two runs of the subject against the run between them', () => {
    const sandwich = { before: { cpuUs: 3 }, other: { cpuUs: 8 }, after: { cpuUs: 5 } };
    expect(sandwichRatios([sandwich], (run) => run.cpuUs)).toEqual([0.5]);
  });

  it('cancels out a machine that gets slower at an even pace', () => {
    const slowing = { before: { cpuUs: 4 }, other: { cpuUs: 10 }, after: { cpuUs: 6 } };
    const steady = { before: { cpuUs: 5 }, other: { cpuUs: 10 }, after: { cpuUs: 5 } };
    const ratios = sandwichRatios([slowing, steady], (run) => run.cpuUs);
    expect(ratios[0]).toBe(ratios[1]);
  });
});
