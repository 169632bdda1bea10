export interface Summary {
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}
export interface Sandwich<Run> {
  readonly before: Run;
  readonly other: Run;
  readonly after: Run;
}
export function quantile(values: readonly number[], share: number): number;
export function median(values: readonly number[]): number;
export function summary(values: readonly number[]): Summary;
export function sandwichRatios<Run>(sandwiches: readonly Sandwich<Run>[], metric: (run: Run) => number): number[];
