/** How long a fuzzer runs, and from which seed: `npm run fuzz -- --seconds 600 --seed 1` sets both. */

/** What it takes in CI, all fuzzers and platforms one after the other. */
const DEFAULT_SECONDS = 8;

/** Seconds of one fuzzer on one platform. */
export const fuzzSeconds = positive(process.env['FUZZ_SECONDS']) ?? DEFAULT_SECONDS;

/** For Jest: starting, attacking, and waiting until nothing is left. */
export const fuzzTimeoutMs = fuzzSeconds * 1000 + 120_000;

/** The seed of a run, told so that it can be had again. */
export function fuzzSeed(what: string): number {
  const seed = positive(process.env['FUZZ_SEED']) ?? Math.trunc(Math.random() * 0x7f_ff_ff_fe) + 1;
  process.stderr.write(`${what}: FUZZ_SEED=${seed}, ${fuzzSeconds} s\n`);
  return seed;
}

function positive(text: string | undefined): number | undefined {
  const value = Number(text);
  return value > 0 ? value : undefined;
}
