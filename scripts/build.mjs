/**
 * Builds the package into `dist` and the demo into `demo/dist`, each only when a source is newer than its last build.
 * Several processes may start at once from one checkout: one builds, the others wait for it.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));
const LOCK = join(root, '.build/lock');
const STALE_LOCK_MS = 120_000;

/** Builds what is out of date. Throws when a compiler reports an error. */
export async function build() {
  mkdirSync(join(root, '.build'), { recursive: true });
  const release = await acquireLock();
  try {
    buildPart('package', ['src', 'tsconfig.json', 'tsconfig.build.json', 'package.json'], 'dist', (out) => {
      compile(['-p', 'tsconfig.build.json', '--outDir', out]);
      compile(['-p', 'src/client/tsconfig.json', '--outDir', out]);
    });
    buildPart('demo', ['demo', 'src', 'tsconfig.json', 'package.json'], 'demo/dist', (out) => {
      compile(['-p', 'demo/tsconfig.json', '--outDir', out]);
      cpSync(join(root, 'demo/public'), join(out, 'public'), { recursive: true });
    });
  } finally {
    release();
  }
}

function buildPart(name, sources, target, compileInto) {
  const stamp = join(root, `.build/${name}.sha256`);
  const digest = fingerprint(sources);
  if (existsSync(join(root, target)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  const out = join(root, `.build/${name}-${process.pid}`);
  rmSync(out, { recursive: true, force: true });
  compileInto(out);
  rmSync(join(root, target), { recursive: true, force: true });
  renameSync(out, join(root, target));
  writeFileSync(stamp, digest);
}

function compile(args) {
  const { status } = spawnSync(process.execPath, [tsc, ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error(`tsc ${args.join(' ')} failed`);
}

function fingerprint(paths) {
  const hash = createHash('sha256');
  const add = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) {
      for (const entry of readdirSync(full).toSorted()) if (entry !== 'dist') add(join(path, entry));
    } else {
      hash.update(path).update('\0').update(readFileSync(full)).update('\0');
    }
  };
  for (const path of paths) add(path);
  return hash.digest('hex');
}

async function acquireLock() {
  for (;;) {
    try {
      mkdirSync(LOCK);
      return () => rmSync(LOCK, { recursive: true, force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const age = Date.now() - (statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? 0);
      if (age > STALE_LOCK_MS) rmSync(LOCK, { recursive: true, force: true });
      else await sleep(100);
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await build().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
