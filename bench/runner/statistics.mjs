/** Medians and quartiles, and the ratio of runs that were made in turns. No mean: one disturbed run must not move a figure. */

/** The value below which `share` (0 to 1) of the values lie, interpolated; `NaN` of nothing. */
export function quantile(values, share) {
  if (values.length === 0) return NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const next = sorted[Math.min(below + 1, sorted.length - 1)];
  return sorted[below] + (next - sorted[below]) * (place - below);
}

export const median = (values) => quantile(values, 0.5);

/** `{ median, lower, upper, count }`, the quartiles being the spread. */
export function summary(values) {
  return {
    median: median(values),
    lower: quantile(values, 0.25),
    upper: quantile(values, 0.75),
    count: values.length,
  };
}

/**
 * Ratios of a subject to another server. Each run of the other one stands between two runs of the subject, whose middle it
 * is held against: a machine that gets slower or faster meanwhile cancels out.
 */
export function sandwichRatios(sandwiches, metric) {
  return sandwiches.map(({ before, other, after }) => (metric(before) + metric(after)) / 2 / metric(other));
}
