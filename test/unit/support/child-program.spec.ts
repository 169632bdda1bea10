import { afterEach, describe, expect, it } from '@jest/globals';
import { startNodeProgram, startProgram } from '../../support/child-program.js';
import type { ChildProgram } from '../../support/child-program.js';

describe('ChildProgram', () => {
  const started: ChildProgram[] = [];
  const run = async (script: string) => {
    const program = await startNodeProgram(['-e', script]);
    started.push(program);
    return program;
  };

  afterEach(async () => {
    await Promise.all(started.splice(0).map((program) => program.stop()));
  });

  it('finds a line that was printed in pieces', async () => {
    const program = await run(
      `process.stdout.write('listening on ht'); setTimeout(() => console.log('tp://x'), 50); setInterval(() => {}, 1e3)`,
    );
    expect((await program.waitForLine(/^listening on (.*)$/))[1]).toBe('http://x');
  });

  it('keeps the outputs apart and says how the program ended', async () => {
    const program = await run(`console.log('out'); console.error('err'); process.exitCode = 3`);
    expect(await program.ended).toEqual({ code: 3, signal: null });
    expect([program.stdout, program.stderr]).toEqual(['out\n', 'err\n']);
  });

  it('says what was printed when the program ends without the line', async () => {
    const program = await run(`console.log('no luck')`);
    await expect(program.waitForLine(/ready/)).rejects.toThrow(/ended \(0\) and printed no line like .*no luck/s);
  });

  it('gives up on a program that keeps silent', async () => {
    const program = await run('setInterval(() => {}, 1e3)');
    await expect(program.waitForLine(/ready/, 20)).rejects.toThrow('still runs');
  });

  it('ends a program that ignores SIGTERM by force', async () => {
    const program = await run(`process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1e3)`);
    await program.waitForLine(/up/);
    expect(await program.stop(50)).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('rejects when there is no such program', async () => {
    await expect(startProgram('/nonexistent/program', [])).rejects.toThrow('ENOENT');
  });
});
