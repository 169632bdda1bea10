/** Sees to it that the suites that need a Redis have one: finds redis-server, or installs it by apt where it may. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const PACKAGE = 'redis-server';
const INSTALL_MS = 180_000;

/** Says on standard error what it does, in a line, and nothing where a redis-server is there. Never throws. */
export function provideRedisServer() {
  if (process.env.REDIS_SERVER || isOnPath(PACKAGE)) return;
  if (mayInstall()) {
    console.error(`installing ${PACKAGE}, which some suites start (apt-get install ${PACKAGE})`);
    if (install()) return;
  }
  console.error(
    `suites that need a Redis are skipped: install redis-server (apt-get install ${PACKAGE}), or name it in REDIS_SERVER`,
  );
}

/** Who is root in Debian may; nobody is asked for a password, and nothing is taken that was not given. */
function mayInstall() {
  return process.getuid?.() === 0 && isOnPath('apt-get');
}

function install() {
  // Installed for the tests, which start their own: none is to run beside them.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const apt = (...args) => spawnSync('apt-get', ['-q', ...args], { env, stdio: 'ignore', timeout: INSTALL_MS }).status;
  const get = () => apt('install', '-y', '--no-install-recommends', PACKAGE);
  // The lists of a fresh image are empty; of another one they may be good as they are.
  if (get() !== 0 && (apt('update') !== 0 || get() !== 0)) return false;
  return isOnPath(PACKAGE);
}

function isOnPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, program)));
}
