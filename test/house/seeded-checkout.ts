import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProgram } from '../support/child-program.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the checks read beside the sources. */
const CONFIGURATION = [
  '.dependency-cruiser.cjs',
  '.oxlintrc.json',
  '.prettierrc',
  '.prettierignore',
  'knip.json',
  'package.json',
  'tsconfig.json',
];

/** How a check ended. */
export interface CheckResult {
  readonly isGreen: boolean;
  readonly output: string;
}

/** A directory with the project's configuration and installed packages but with sources of the test's own. */
export class SeededCheckout {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Makes one with these files, by path. */
  static async with(files: Readonly<Record<string, string>>): Promise<SeededCheckout> {
    const directory = await mkdtemp(join(tmpdir(), 'push-house-'));
    for (const name of CONFIGURATION) await cp(join(root, name), join(directory, name));
    await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), text);
    }
    return new SeededCheckout(directory);
  }

  /** Runs one of the checks of package.json, without npm. */
  async check(script: string, ...args: readonly string[]): Promise<CheckResult> {
    const command = join(root, 'node_modules/.bin', script);
    const program = await startProgram(command, args, { cwd: this.#directory });
    const { code } = await program.ended;
    return { isGreen: code === 0, output: program.output };
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}
