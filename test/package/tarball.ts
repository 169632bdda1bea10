import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startNodeProgram, startProgram } from '../support/child-program.js';

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** The package as npm would publish it. */
export class Tarball {
  private constructor(
    /** Where the archive lies. */
    readonly path: string,
    /** What is in it, relative to the package. */
    readonly files: readonly string[],
    private readonly directory: string,
  ) {}

  /** Builds what is out of date and packs it. */
  static async pack(): Promise<Tarball> {
    await succeed(await startNodeProgram([join(projectRoot, 'scripts/build.mjs')]));
    const directory = await mkdtemp(join(tmpdir(), 'push-tarball-'));
    // Without scripts: `prepack` would build again.
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', directory];
    const npm = await succeed(await startProgram('npm', args, { cwd: projectRoot }));
    const [packed] = JSON.parse(npm.stdout) as [{ filename: string; files: { path: string }[] }];
    const files = packed.files.map(({ path }) => path);
    return new Tarball(join(directory, packed.filename), files, directory);
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Waits for the end of a program and throws what it printed if it failed. */
export async function succeed<Program extends { ended: Promise<{ code: number | null }>; output: string }>(
  program: Program,
): Promise<Program> {
  const { code } = await program.ended;
  if (code !== 0) throw new Error(`failed with ${code}:\n${program.output}`);
  return program;
}
