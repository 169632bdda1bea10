import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startNodeProgram, startProgram } from '../support/child-program.js';
import type { ChildProgram } from '../support/child-program.js';
import { TEST_SECRET } from '../support/tokens.js';
import { succeed } from './tarball.js';
import type { Tarball } from './tarball.js';

const compiler = fileURLToPath(new URL('../support/programs/host-compiler.mjs', import.meta.url));

/** One of the applications of test/package/hosts, in a directory of its own with packages of its own. */
export class InstalledHost {
  private constructor(private readonly directory: string) {}

  /** Copies the host out of the project and installs its packages and the tarball from the npm registry. */
  static async install(name: string, tarball: Tarball): Promise<InstalledHost> {
    const directory = await mkdtemp(join(tmpdir(), `push-${name}-`));
    await cp(fileURLToPath(new URL(`hosts/${name}`, import.meta.url)), directory, { recursive: true });
    const args = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', tarball.path];
    await succeed(await startProgram('npm', args, { cwd: directory }));
    return new InstalledHost(directory);
  }

  /**
   * Compiles the host, or only checks it where the configuration says so. Gives the compiler's complaints about the host
   * itself and about the declarations of the tarball; those about other packages are not ours to mend.
   */
  async compile(configuration = 'tsconfig.json'): Promise<readonly string[]> {
    const program = await succeed(await startNodeProgram([compiler, configuration], { cwd: this.directory }));
    return program.output.split('\n').filter((line) => line !== '');
  }

  /** Runs a script in the host's directory and gives back all that it printed; rejects if it fails. */
  async evaluate(script: string): Promise<string> {
    const program = await succeed(await startNodeProgram(['-e', script], { cwd: this.directory }));
    return program.output.trim();
  }

  /** Starts the compiled host. */
  async start(): Promise<{ readonly program: ChildProgram; readonly url: string }> {
    const program = await startNodeProgram(['dist/main.js'], {
      cwd: this.directory,
      env: { PUSH_JWT_SECRET: TEST_SECRET },
    });
    const [, url = ''] = await program.waitForLine(/^listening on (http\S+)$/, 90_000);
    return { program, url };
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

/**
 * Why the hosts cannot be installed, for the title of the skipped suite; an empty text where they can. In CI it throws
 * instead: a package test that never runs proves nothing.
 */
export async function registryAbsence(): Promise<string> {
  const args = ['view', 'reflect-metadata', 'version', '--fetch-retries=0', '--fetch-timeout=20000'];
  const { code } = await (await startProgram('npm', args)).ended;
  if (code === 0) return '';
  if (process.env['CI'] === 'true') throw new Error('the npm registry cannot be reached');
  return ' [skipped: the npm registry cannot be reached]';
}
