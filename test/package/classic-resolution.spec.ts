/** Hosts whose compiler resolves as Node 10 did, which knows no `exports`: the default of older Nest projects. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startNodeProgram } from '../support/child-program.js';
import { Tarball, projectRoot, succeed } from './tarball.js';

const compiler = fileURLToPath(new URL('../support/programs/host-compiler.mjs', import.meta.url));
const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, unknown>>;
};
const entries = Object.keys(manifest.exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.replace('.', 'nestjs-push'));

const configuration = {
  compilerOptions: {
    target: 'es2022',
    module: 'commonjs',
    moduleResolution: 'node10',
    ignoreDeprecations: '6.0',
    strict: true,
    skipLibCheck: true,
    types: ['node'],
    noEmit: true,
  },
  files: ['main.ts'],
};

let tarball: Tarball;
let directory: string;

/** A host beside what is installed here, with nothing of its own but the files of the tarball. */
beforeAll(async () => {
  tarball = await Tarball.pack();
  directory = await mkdtemp(join(tmpdir(), 'push-classic-'));
  await symlink(join(projectRoot, 'node_modules'), join(directory, 'node_modules'));
  for (const path of tarball.files) {
    const copy = join(directory, 'host/node_modules/nestjs-push', path);
    await mkdir(dirname(copy), { recursive: true });
    await cp(join(projectRoot, path), copy);
  }
  await writeFile(join(directory, 'host/tsconfig.json'), JSON.stringify(configuration));
}, 120_000);

afterAll(async () => {
  await tarball?.remove();
  if (directory) await rm(directory, { recursive: true, force: true });
});

it('finds the types of every entry', async () => {
  const lines = entries.map((entry, index) => `export * as entry${index} from '${entry}';`);
  await writeFile(join(directory, 'host/main.ts'), lines.join('\n'));

  const program = await succeed(await startNodeProgram([compiler], { cwd: join(directory, 'host') }));

  expect(lines.length).toBeGreaterThan(1);
  expect(program.output.split('\n').filter((line) => line !== '')).toEqual([]);
}, 120_000);
