import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startNodeProgram, startProgram } from '../support/child-program.js';
import { PROXIES } from '../support/proxy-program.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

function lastLine(text: string): string | undefined {
  return text.trimEnd().split('\n').at(-1);
}

describe('npm test', () => {
  it('ends with the count, also where both outputs go to one pipe', async () => {
    const command = `"${process.execPath}" scripts/test.mjs test/unit/support/tokens.spec.ts 2>&1`;
    const program = await startProgram('sh', ['-c', command], { cwd: root, env: { NODE_OPTIONS: undefined } });
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(lastLine(program.stdout)).toMatch(/^\d+ passed, 0 failed$/);
    expect(program.stdout).toContain('Ran all test suites');
  }, 120_000);

  it('fails where nothing is run', async () => {
    const program = await startNodeProgram(['scripts/test.mjs', 'no-such-test'], { cwd: root });
    expect(await program.ended).toEqual({ code: 1, signal: null });
    expect(lastLine(program.stdout)).toBe('0 passed, 1 failed (no test was run)');
  }, 120_000);

  it('says in one line what is missing where there is no redis-server, and counts those suites as skipped', async () => {
    // The Node of this run alone: no redis-server, and no apt to install one with.
    const folder = mkdtempSync(join(tmpdir(), 'push-path-'));
    symlinkSync(process.execPath, join(folder, 'node'));
    const env = { PATH: folder, REDIS_SERVER: undefined, CI: undefined };
    const suites = ['test/unit/support/tokens.spec.ts', 'test/cluster/cut-off.redis.spec.ts'];
    const program = await startNodeProgram(['scripts/test.mjs', ...suites], { cwd: root, env });
    expect(await program.ended).toEqual({ code: 0, signal: null });
    const said = program.output.split('\n').filter((line) => line.startsWith('suites that need a Redis are skipped'));
    expect(said).toEqual([expect.stringMatching(/apt-get install redis-server.*REDIS_SERVER/)]);
    expect(lastLine(program.stdout)).toMatch(/^\d+ passed, 0 failed, \d+ skipped$/);
    rmSync(folder, { recursive: true });
  }, 120_000);

  it('is what the script says', () => {
    expect(manifest.scripts['test']).toBe('node scripts/test.mjs');
  });
});

describe('the environment of a file with tests', () => {
  it.each(['run', 'enterWith'])(
    'disables a storage that %s was called on, when the file ends',
    async (method) => {
      const script = `
      import { AsyncLocalStorage } from 'node:async_hooks';
      import TestEnvironment from './scripts/test-environment.mjs';
      const environment = new TestEnvironment({ projectConfig: { globals: {}, testEnvironmentOptions: {} } }, {});
      const storage = new AsyncLocalStorage();
      const endFile = async () => {
        const before = storage.getStore();
        await environment.teardown();
        console.log(before, storage.getStore());
      };
      if ('${method}' === 'run') await storage.run('kept', endFile);
      else {
        storage.enterWith('kept');
        await endFile();
      }
    `;
      const program = await startNodeProgram(['--input-type=module', '-e', script], { cwd: root });
      expect(await program.ended).toEqual({ code: 0, signal: null });
      expect(program.stdout).toBe('kept undefined\n');
    },
    120_000,
  );
});

describe('npm run check', () => {
  it('runs every check', () => {
    const parts = ['format', 'lint', 'types', 'arch', 'dead', 'build', 'test', 'pkg'];
    const steps = manifest.scripts['check']?.split(' && ').map((step) => step.replace(/^npm (run )?/, ''));
    expect(steps).toEqual(parts);
  });
});

describe('CI', () => {
  it('installs what suites start and its machines do not have', () => {
    const installed = readFileSync(join(root, '.github/workflows/ci.yml'), 'utf8').match(/apt-get install .*/g);
    expect(installed).toHaveLength(2);
    for (const line of installed ?? []) {
      expect(line.split(' ')).toEqual(expect.arrayContaining(['redis-server', ...PROXIES.map(({ name }) => name)]));
    }
  });
});
