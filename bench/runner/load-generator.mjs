/** The load generator: compiled from `bench/load` when its sources are newer than its program, and run with options by name. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../load', import.meta.url));
const outputFolder = fileURLToPath(new URL('../../.build/bench', import.meta.url));
const program = join(outputFolder, 'load');

const HOW_TO_INSTALL =
  'The load generator is a C program and needs a C compiler (`cc`). Debian, Ubuntu: apt-get install gcc libc6-dev. ' +
  'Fedora: dnf install gcc. Alpine: apk add gcc musl-dev linux-headers.';

/** Says why the load generator cannot be built here, or `undefined` when it can. */
export function whyNoLoadGenerator() {
  if (process.platform !== 'linux') return 'The load generator uses epoll and /proc: it runs on Linux only.';
  return spawnSync('cc', ['--version']).status === 0 ? undefined : HOW_TO_INSTALL;
}

/** Compiles the generator where needed and returns the path of its program. */
export function compileLoadGenerator() {
  const files = readdirSync(sources).map((name) => join(sources, name));
  const newest = Math.max(...files.map((file) => statSync(file).mtimeMs));
  if (existsSync(program) && statSync(program).mtimeMs > newest) return program;
  const reason = whyNoLoadGenerator();
  if (reason !== undefined) throw new Error(reason);
  mkdirSync(outputFolder, { recursive: true });
  const fresh = `${program}-${process.pid}`;
  const units = files.filter((file) => file.endsWith('.c'));
  const compiler = spawnSync('cc', ['-O2', '-Wall', '-Wextra', '-o', fresh, ...units], { encoding: 'utf8' });
  if (compiler.status !== 0) throw new Error(`The load generator did not compile:\n${compiler.stderr}`);
  renameSync(fresh, program);
  return program;
}

/**
 * Runs the generator once and returns its report. `options` are its options in camel case (`bench/load/options.c` lists
 * them): `true` is a bare switch, `undefined` and `false` leave an option out. `prefix` goes before the program, such as
 * `['taskset', '-c', '1']`. Throws when connections failed or were closed, for such a run measures something else.
 */
export async function runLoad(options, prefix = []) {
  const [command, ...rest] = [...prefix, compileLoadGenerator(), ...toArguments(options)];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors, code] = await Promise.all([
    readAll(child.stdout),
    readAll(child.stderr),
    new Promise((resolve, reject) => child.once('error', reject).once('close', resolve)),
  ]);
  if (code !== 0) throw new Error(`The load generator failed: ${errors || output}`);
  return JSON.parse(output);
}

function toArguments(options) {
  return Object.entries(options).flatMap(([name, value]) => {
    const option = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value === undefined || value === false) return [];
    return value === true ? [option] : [option, String(value)];
  });
}

async function readAll(stream) {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += chunk;
  return text;
}
