/** A latency distribution in microseconds. */
export interface Distribution {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}
/** The members of the generator's report that the tests read. */
export interface LoadReport {
  readonly connections: number;
  readonly published: number;
  readonly publishErrors: number;
  readonly messages: number;
  readonly lost: number;
  readonly bytesPerMessage: number;
  readonly latencyUs: Distribution | null;
  readonly answerUs: Distribution | null;
  readonly pingUs: Distribution | null;
  readonly slowCutOff: number;
  /** Of a storm only. */
  readonly incomplete?: number;
  readonly repeated?: number;
  readonly resumed?: number;
  readonly gaps?: number;
  readonly catchUpUs?: Distribution | null;
}
export function whyNoLoadGenerator(): string | undefined;
export function compileLoadGenerator(): string;
export function runLoad(
  options: Readonly<Record<string, string | number | boolean | undefined>>,
  prefix?: readonly string[],
): Promise<LoadReport>;
