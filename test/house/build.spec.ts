import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, statSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startNodeProgram } from '../support/child-program.js';
import { eventuallyDefined } from '../support/eventually.js';
import { SeededCheckout } from './seeded-checkout.js';
import type { CheckResult } from './seeded-checkout.js';

const demoConfiguration = JSON.stringify({
  extends: '../tsconfig.json',
  compilerOptions: { noEmit: false, rootDir: '.', outDir: 'dist', paths: {} },
  include: ['.'],
  exclude: ['dist', 'public'],
});
// It is about what is built when; sources that need no types of others are compiled in a moment.
const configuration = JSON.stringify({
  compilerOptions: { module: 'nodenext', lib: ['es5'], types: [], noEmit: true },
});

describe('npm run build', () => {
  let clean: SeededCheckout;
  let built: SeededCheckout;
  let firstBuild: CheckResult;
  let checkout: SeededCheckout;

  beforeAll(async () => {
    clean = await SeededCheckout.with({
      'tsconfig.json': configuration,
      'src/index.ts': 'export const greeting = 1;\n',
      'src/client/tsconfig.json': '{}',
      'demo/tsconfig.json': demoConfiguration,
      'demo/main.ts': 'export const main = 1;\n',
      'demo/public/index.html': '<p>shop</p>\n',
    });
    built = await clean.copy();
    firstBuild = await built.run('scripts/build.mjs');
  }, 60_000);

  afterEach(() => checkout.remove());

  afterAll(() => Promise.all([clean.remove(), built.remove()]));

  const build = () => checkout.run('scripts/build.mjs');
  const unfinished = async () => (await readdir(checkout.directory)).filter((name) => name.startsWith('.dist-next'));
  const builtAtMs = () => statSync(join(checkout.directory, 'dist/index.js')).mtimeMs;

  it('builds the package and the demo with its pages, and leaves no rests', async () => {
    checkout = await built.copy();
    expect(firstBuild).toEqual({ isGreen: true, output: '' });
    expect(await checkout.read('dist/index.js')).toContain('greeting = 1');
    expect(existsSync(join(checkout.directory, 'dist/index.d.ts'))).toBe(true);
    expect(await checkout.read('demo/dist/public/index.html')).toBe('<p>shop</p>\n');
    expect(await readdir(join(checkout.directory, '.build'))).toEqual(['demo.sha256', 'package.sha256']);
    expect(await unfinished()).toEqual([]);
  }, 60_000);

  it('builds again when a source changed, and only then', async () => {
    checkout = await built.copy();
    const first = builtAtMs();
    await build();
    expect(builtAtMs()).toBe(first);
    await checkout.write('src/index.ts', 'export const greeting = 2;\n');
    await build();
    expect(await checkout.read('dist/index.js')).toContain('greeting = 2');
  }, 60_000);

  it('keeps the former build when a source does not compile, says why and fails', async () => {
    checkout = await built.copy();
    await checkout.write('src/index.ts', "export const greeting: number = 'two';\n");
    const result = await build();
    expect(result.isGreen).toBe(false);
    expect(result.output).toContain('src/index.ts(1,14): error TS2322');
    expect(await checkout.read('dist/index.js')).toContain('greeting = 1');
    expect(await readdir(join(checkout.directory, '.build'))).not.toContain('lock');
  }, 60_000);

  it('lets one of several that start at once build, and the others wait for it', async () => {
    checkout = await clean.copy();
    const results = await Promise.all([build(), build(), build()]);
    expect(results).toEqual(Array.from({ length: 3 }, () => ({ isGreen: true, output: '' })));
    expect(await checkout.read('dist/index.js')).toContain('greeting = 1');
  }, 120_000);

  it('takes the lock of a build that was killed', async () => {
    checkout = await built.copy();
    const killed = await startNodeProgram(['-e', '']);
    await killed.ended;
    await writeFile(join(checkout.directory, '.build/lock'), String(killed.pid));
    await checkout.write('src/index.ts', 'export const greeting = 3;\n');
    expect(await build()).toEqual({ isGreen: true, output: '' });
    expect(await checkout.read('dist/index.js')).toContain('greeting = 3');
  }, 60_000);

  it('builds while the compiler of a killed build still writes', async () => {
    checkout = await clean.copy();
    const killed = await startNodeProgram(['scripts/build.mjs'], { cwd: checkout.directory });
    const folder = await eventuallyDefined(async () => (await unfinished())[0], { intervalMs: 1 });
    await killed.stop();
    const write = `fs.mkdirSync(dir, { recursive: true }); fs.writeFileSync(dir + '/late' + n++ + '.js', '')`;
    const orphan = await startNodeProgram(
      [
        '-e',
        `const dir = ${JSON.stringify(folder)}; let n = 0; console.log('writes'); setInterval(() => { ${write} }, 0)`,
      ],
      { cwd: checkout.directory },
    );
    await orphan.waitForLine(/writes/);
    const result = await build();
    await orphan.stop();
    expect(result).toEqual({ isGreen: true, output: '' });
    expect((await readdir(join(checkout.directory, 'dist'))).join()).not.toContain('late');
    await checkout.write('src/index.ts', 'export const greeting = 5;\n');
    await build();
    expect(await unfinished()).toEqual([]);
  }, 60_000);

  it('waits while the owner of the lock lives', async () => {
    checkout = await built.copy();
    await writeFile(join(checkout.directory, '.build/lock'), String(process.pid));
    await checkout.write('src/index.ts', 'export const greeting = 4;\n');
    const waiting = await startNodeProgram(['scripts/build.mjs'], { cwd: checkout.directory });
    await expect(waiting.waitForLine(/./, 1_000)).rejects.toThrow('still runs');
    expect(await checkout.read('dist/index.js')).toContain('greeting = 1');
    await waiting.stop();
  }, 60_000);
});
