import { describe, expect, it } from '@jest/globals';
import { judge } from '../../../bench/runner/verdict.mjs';

describe('judge', () => {
  it('says met when the median is exactly the most it may be', () => {
    expect(judge([0.8, 0.85, 0.9], 0.85).verdict).toBe('met');
  });

  it('says near when only the lower quartile is within the target', () => {
    expect(judge([0.8, 0.82, 0.9, 0.95, 0.96], 0.85).verdict).toBe('near');
  });

  it('says missed when the lower quartile is past the target too', () => {
    expect(judge([0.9, 0.91, 0.92], 0.85).verdict).toBe('missed');
  });

  it('says not measured when there is no value', () => {
    expect(judge([], 1).verdict).toBe('not measured');
  });

  it('leaves out runs that have no such figure', () => {
    expect(judge([NaN, 2, NaN], 1)).toMatchObject({ verdict: 'missed', median: 2, count: 1 });
  });
});
