import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProgram } from '../support/child-program.js';
import type { ChildProgram } from '../support/child-program.js';
import { startDemo } from '../support/demo-process.js';

const START_MS = 120_000;
const root = new URL('../..', import.meta.url).pathname;

let program: ChildProgram | undefined;

afterEach(async () => {
  await program?.stop();
});

describe('signals to the demo', () => {
  it(
    'end it with code 0 when more of them come until the very end',
    async () => {
      ({ program } = await startDemo());
      while (program.isRunning) {
        program.signal('SIGTERM');
        await sleep(1);
      }
      expect(await program.ended).toEqual({ code: 0, signal: null });
    },
    START_MS,
  );

  it(
    'reach it through npm, and leave nothing running',
    async () => {
      program = await startProgram('npm', ['start'], { cwd: root, env: { PORT: '0', NODE_OPTIONS: undefined } });
      const [, url = ''] = await program.waitForLine(/^listening on (\S+)$/, START_MS);
      program.signal('SIGTERM');
      expect(await program.ended).toEqual({ code: 0, signal: null });
      await expect(fetch(`${url}/health/live`)).rejects.toThrow();
    },
    START_MS,
  );
});
