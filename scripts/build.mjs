/**
 * Builds the package into `dist` and the demo into `demo/dist`, each only when a source is newer than its last build.
 * Several processes may start at once from one checkout: one builds, the others wait for it. A build takes the place of
 * the former one only when it is complete.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamps = join(root, '.build');
const lock = join(stamps, 'lock');
const tsc = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));
const tscPackage = fileURLToPath(import.meta.resolve('typescript/package.json'));

const parts = [
  {
    name: 'package',
    sources: ['src', 'tsconfig.json', 'tsconfig.build.json', 'package.json'],
    target: 'dist',
    compileInto: (out) => {
      compile(['-p', 'tsconfig.build.json', '--outDir', out]);
      if (existsSync(join(root, 'src/client/index.ts'))) compile(['-p', 'src/client/tsconfig.json', '--outDir', out]);
      if (existsSync(join(root, 'src/console-page/main.tsx'))) bundleConsolePage(join(out, 'console-page'));
    },
  },
  {
    name: 'demo',
    // The package too: the demo is checked against its types.
    sources: ['demo', 'src', 'tsconfig.json', 'package.json'],
    target: 'demo/dist',
    compileInto: (out) => {
      compile(['-p', 'demo/tsconfig.json', '--outDir', out]);
      cpSync(join(root, 'demo/public'), join(out, 'public'), { recursive: true });
    },
  },
];

/** Builds what is out of date. Rejects when a compiler reports an error; what was built before then stays. */
export async function build() {
  mkdirSync(stamps, { recursive: true });
  await takeLock();
  try {
    for (const part of parts) buildPart(part);
  } finally {
    rmSync(lock, { force: true });
  }
}

function buildPart({ name, sources, target, compileInto }) {
  const stamp = join(stamps, `${name}.sha256`);
  const digest = fingerprint(sources);
  if (existsSync(join(root, target)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  rmSync(stamp, { force: true });
  removeAbandoned(target);
  // As deep as the target, for the source maps hold relative paths. No other build has this name: a compiler whose build
  // was killed writes on for a while.
  const out = join(root, `${nextOf(target)}${process.pid}`);
  mkdirSync(out);
  try {
    compileInto(out);
    rmSync(join(root, target), { recursive: true, force: true });
    renameSync(out, join(root, target));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
  writeFileSync(stamp, digest);
}

/** What the names begin with of folders that take the place of this one. */
function nextOf(target) {
  return join(dirname(target), `.${basename(target)}-next-`);
}

/** What killed builds left behind; who has the lock is alone. */
function removeAbandoned(target) {
  const next = nextOf(target);
  for (const entry of readdirSync(join(root, dirname(next)))) {
    if (!entry.startsWith(basename(next))) continue;
    try {
      rmSync(join(root, dirname(next), entry), { recursive: true, force: true });
    } catch (error) {
      // Its compiler still writes: a later build removes it.
      if (!['ENOTEMPTY', 'EBUSY', 'EPERM'].includes(error.code)) throw error;
    }
  }
}

function compile(args) {
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...args], { cwd: root, encoding: 'utf8' });
  if (status === 0) return;
  // tsc reports on standard output, which belongs to whom we build for: `npm pack` prints a file name there.
  process.stderr.write(stdout);
  throw new Error(`tsc ${args.slice(0, 2).join(' ')} failed`);
}

/** What the page of the console loads, as files of its own: a host installs nothing for it. */
function bundleConsolePage(out) {
  const page = join(root, 'src/console-page');
  compile(['-p', 'src/console-page/tsconfig.json']);
  buildSync({
    entryPoints: [
      { in: join(page, 'main.tsx'), out: 'console' },
      { in: join(page, 'console.css'), out: 'console' },
    ],
    outdir: out,
    bundle: true,
    minify: true,
    format: 'esm',
    // The oldest with light-dark() in style sheets.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    sourcemap: 'external',
    tsconfig: join(page, 'tsconfig.json'),
    banner: { js: '/*! With Preact, (c) Jason Miller, MIT licence: https://github.com/preactjs/preact */' },
    logLevel: 'warning',
  });
  for (const file of ['index.html', 'icon.svg']) cpSync(join(page, file), join(out, file));
}

function fingerprint(paths) {
  const hash = createHash('sha256').update(readFileSync(tscPackage));
  const add = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) {
      for (const entry of readdirSync(full).toSorted()) {
        if (entry !== 'dist' && !entry.startsWith('.')) add(join(path, entry));
      }
    } else {
      hash.update(path).update('\0').update(readFileSync(full)).update('\0');
    }
  };
  for (const path of paths) add(path);
  return hash.digest('hex');
}

/** Waits its turn. The lock holds its owner's process id, so that the lock of a killed build stops nobody. */
async function takeLock() {
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned(lock)) breakLock();
    else await sleep(100);
  }
}

function isAbandoned(path) {
  try {
    const owner = Number(readFileSync(path, 'utf8'));
    // Between its creation and its writing the lock is empty for a moment.
    if (owner === 0) return Date.now() - statSync(path).mtimeMs > 5_000;
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** Several may find the lock abandoned: one moves it away, and who moves the lock that this one takes next puts it back. */
function breakLock() {
  const moved = `${lock}-of-${process.pid}`;
  try {
    renameSync(lock, moved);
    if (isAbandoned(moved)) rmSync(moved);
    else renameSync(moved, lock);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await build().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
