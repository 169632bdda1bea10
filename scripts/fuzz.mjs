/**
 * `npm run fuzz -- --seconds 600`: the fuzzers of test/attacks, each for so long on each platform, in place of the few
 * seconds that `npm test` has for them. `--seed` takes that of a failed run. Other arguments go to Jest.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } },
  allowPositionals: true,
});

for (const [name, value] of Object.entries(values)) {
  if (Number(value) > 0) continue;
  console.error(`--${name}: received ${value}, expected a number above 0`);
  process.exit(1);
}

const env = { ...process.env, FUZZ_SECONDS: values.seconds, ...(values.seed && { FUZZ_SEED: values.seed }) };
const script = fileURLToPath(new URL('test.mjs', import.meta.url));
const args = [script, 'test/attacks/fuzz', '--runInBand', ...positionals];
process.exitCode = spawnSync(process.execPath, args, { env, stdio: 'inherit' }).status ?? 1;
