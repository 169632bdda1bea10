/**
 * `npm test`: builds what the tests of the package and the demo run, sees to it that there is a redis-server where that can
 * be had, then runs Jest in ESM mode with the given arguments.
 * The last line on standard output is the count, whatever Jest prints around it and wherever that goes.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { provideRedisServer } from './redis-server.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
process.exitCode = await runTests(process.argv.slice(2));

async function runTests(args) {
  try {
    await build();
  } catch (error) {
    console.error(error.message);
    console.log('0 passed, 1 failed (the build)');
    return 1;
  }
  provideRedisServer();
  const jest = fileURLToPath(import.meta.resolve('jest/bin/jest'));
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...flags, jest, ...args], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  let count;
  child.on('message', (message) => (count = message.count));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  const [status] = await once(child, 'close');
  if (count !== undefined) console.log(count);
  else if (status !== 0) console.log('0 passed, 1 failed (no test was run)');
  return status ?? 1;
}
