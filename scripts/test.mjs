/** `npm test`: builds what the tests of the package and the demo run, then runs Jest in ESM mode with the given arguments. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
await build();
const jest = fileURLToPath(import.meta.resolve('jest/bin/jest.js'));
const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, node, { stdio: 'inherit' });
process.exit(status ?? 1);
