import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startNodeProgram, startProgram } from '../support/child-program.js';
import type { ChildProgram } from '../support/child-program.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the checks and the build read beside the sources. */
const COPIED = [
  '.dependency-cruiser.cjs',
  '.oxlintrc.json',
  '.prettierrc',
  '.prettierignore',
  'knip.json',
  'package.json',
  'scripts/build.mjs',
  'tsconfig.build.json',
  'tsconfig.json',
];

/** How a check ended. */
export interface CheckResult {
  readonly isGreen: boolean;
  readonly output: string;
}

/** A directory with the project's configuration and installed packages but with sources of the test's own. */
export class SeededCheckout {
  private constructor(readonly directory: string) {}

  /** Makes one with these files, by path. */
  static async with(files: Readonly<Record<string, string>>): Promise<SeededCheckout> {
    const directory = await mkdtemp(join(tmpdir(), 'push-house-'));
    for (const name of COPIED) await cp(join(root, name), join(directory, name));
    await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
    const checkout = new SeededCheckout(directory);
    for (const [path, text] of Object.entries(files)) await checkout.write(path, text);
    return checkout;
  }

  /** Another one with the same content, what was built in it included. */
  async copy(): Promise<SeededCheckout> {
    const directory = await mkdtemp(join(tmpdir(), 'push-house-'));
    await cp(this.directory, directory, { recursive: true });
    return new SeededCheckout(directory);
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.directory, path)), { recursive: true });
    await writeFile(join(this.directory, path), text);
  }

  async read(path: string): Promise<string> {
    return readFile(join(this.directory, path), 'utf8');
  }

  /** Runs one of the checks of package.json, without npm. */
  async check(script: string, ...args: readonly string[]): Promise<CheckResult> {
    return resultOf(await startProgram(join(root, 'node_modules/.bin', script), args, { cwd: this.directory }));
  }

  /** Runs one of the scripts of the project. */
  async run(...args: readonly string[]): Promise<CheckResult> {
    return resultOf(await startNodeProgram(args, { cwd: this.directory }));
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function resultOf(program: ChildProgram): Promise<CheckResult> {
  const { code } = await program.ended;
  return { isGreen: code === 0, output: program.output };
}
