import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../../support/programs/shifted-clock.c', import.meta.url));

/** Why clocks cannot be shifted on this machine; empty where they can. */
export function shiftedClockAbsence(): string {
  if (process.platform !== 'linux') return 'clocks are shifted on Linux only';
  if (spawnSync('cc', ['--version']).status === 0) return '';
  return 'there is no C compiler: install one (apt-get install gcc libc6-dev)';
}

/**
 * A clock that shows what a test wants, for a program that is started with {@link env}. Only the wall clock: what
 * measures how long something took goes on, as it does when somebody sets the clock of a machine.
 */
export class ShiftedClock {
  private readonly folder = mkdtempSync(join(tmpdir(), 'push-clock-'));
  private readonly file = join(this.folder, 'offset');
  private readonly library = join(this.folder, 'shifted-clock.so');

  constructor(aheadSeconds = 0) {
    process.once('exit', () => rmSync(this.folder, { recursive: true, force: true }));
    this.set(aheadSeconds);
    const { status, stderr } = spawnSync('cc', ['-O2', '-shared', '-fPIC', '-o', this.library, SOURCE]);
    if (status !== 0) throw new Error(`the clock does not compile: ${String(stderr)}`);
  }

  /** To be set for the program. */
  get env(): Readonly<Record<string, string>> {
    return { LD_PRELOAD: this.library, CLOCK_OFFSET_FILE: this.file };
  }

  /** From now on the clock is so many seconds ahead of the true time. */
  set(aheadSeconds: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(aheadSeconds));
    // In place: the program has the file mapped.
    const file = openSync(this.file, 'a+');
    closeSync(file);
    const inPlace = openSync(this.file, 'r+');
    writeSync(inPlace, bytes, 0, bytes.length, 0);
    closeSync(inPlace);
  }
}
