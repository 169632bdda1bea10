/**
 * `node scripts/use-nest.mjs 11`: puts that major version of the Nest packages into node_modules, so that the tests run
 * against it. package.json and the lock file stay as they are; `npm ci` goes back.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Tools, and packages that serve every major version of Nest. */
const INDEPENDENT = ['@nestjs/cli', '@nestjs/jwt'];

const major = process.argv[2];
if (major !== '11' && major !== '12') {
  console.error('usage: node scripts/use-nest.mjs 11|12');
  process.exit(2);
}

const { devDependencies } = readJson('package.json');
const names = Object.keys(devDependencies).filter((name) => name.startsWith('@nestjs/') && !INDEPENDENT.includes(name));
const outdated = names.filter((name) => installedMajor(name) !== major);
if (outdated.length > 0) {
  const wanted = names.map((name) => `${name}@${major}`);
  // `--no-package-lock` would forget the lock file for all other packages too; `--no-save` leaves it alone as well.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', ...wanted];
  const { status } = spawnSync('npm', args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
const wrong = names.filter((name) => installedMajor(name) !== major);
if (wrong.length > 0) {
  console.error(`not of version ${major}: ${wrong.join(', ')}`);
  process.exit(1);
}
console.log(
  `Nest ${major}: ${names.map((name) => `${name} ${readJson(`node_modules/${name}/package.json`).version}`).join(', ')}`,
);

function installedMajor(name) {
  return readJson(`node_modules/${name}/package.json`).version.split('.')[0];
}

function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}
