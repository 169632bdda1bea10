import { summary } from './statistics.mjs';

/**
 * Holds measured values against the most they may be:
 * `met` when the median is within it; `near` when only the lower quartile is, so that the spread of the runs leaves it open;
 * `missed` otherwise; `not measured` when there is no value.
 */
export function judge(values, atMost) {
  const measured = values.filter((value) => Number.isFinite(value));
  if (measured.length === 0) return { verdict: 'not measured', ...summary([]) };
  const figures = summary(measured);
  if (figures.median <= atMost) return { verdict: 'met', ...figures };
  return { verdict: figures.lower <= atMost ? 'near' : 'missed', ...figures };
}
