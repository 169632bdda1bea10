/**
 * Runs a program beside a test: collects what it prints, waits for a line of it, and ends it by its process id. A test
 * that starts one stops it in `afterEach` or `afterAll`; a program that is still there when the test process ends is
 * killed with it.
 */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where and with what a program runs. */
export interface ProgramOptions {
  readonly cwd?: string;
  /** Set beside the variables of this process; `undefined` takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** How a program ended: one of the two is set. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that {@link startProgram} started. */
export class ChildProgram {
  readonly pid: number;
  /** Resolves when the program has ended and all it printed was read. */
  readonly ended: Promise<ProgramEnd>;
  readonly #name: string;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #killWithUs: () => void;
  #end: ProgramEnd | undefined;
  #stdout = '';
  #stderr = '';
  #output = '';

  constructor(name: string, child: ChildProcessByStdio<null, Readable, Readable>, pid: number) {
    this.#name = name;
    this.#child = child;
    this.pid = pid;
    this.#killWithUs = () => child.kill('SIGKILL');
    process.on('exit', this.#killWithUs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#output += text;
    });
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        process.off('exit', this.#killWithUs);
        this.#end = { code, signal };
        resolve(this.#end);
      });
    });
  }

  /** All that it printed on standard output until now. */
  get stdout(): string {
    return this.#stdout;
  }

  /** All that it printed on standard error until now. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Both outputs in the order in which they came. */
  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.#end === undefined;
  }

  /**
   * Waits until a whole line of either output matches, and gives the match back. Rejects with the output when the
   * program ends without such a line, or after `timeoutMs`.
   */
  async waitForLine(pattern: RegExp, timeoutMs = 60_000): Promise<RegExpExecArray> {
    const whole = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const isOver = !this.isRunning || performance.now() >= deadline;
      const lines = this.#output.split('\n');
      // What comes after the last line break may still grow.
      if (this.isRunning) lines.pop();
      for (const line of lines) {
        const match = whole.exec(line);
        if (match) return match;
      }
      if (isOver) throw new Error(this.#describe(pattern));
      await sleep(10);
    }
  }

  /** Sends a signal; nothing happens when the program has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.#child.kill(signal);
  }

  /** Asks the program to end with SIGTERM, and by force after `graceMs`. */
  async stop(graceMs = 5_000): Promise<ProgramEnd> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }

  #describe(pattern: RegExp): string {
    const state = this.#end ? `ended (${this.#end.signal ?? this.#end.code})` : 'still runs';
    return `${this.#name} ${state} and printed no line like ${pattern}; it printed:\n${this.#output}`;
  }
}

/** Starts a program; rejects when it cannot be started at all. */
export async function startProgram(
  command: string,
  args: readonly string[],
  { cwd, env }: ProgramOptions = {},
): Promise<ChildProgram> {
  const child = spawn(command, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  if (child.pid === undefined) throw new Error(`${command} has no process id`);
  return new ChildProgram([command, ...args].join(' '), child, child.pid);
}

/** Starts a Node program with the Node that runs the tests. */
export function startNodeProgram(args: readonly string[], options: ProgramOptions = {}): Promise<ChildProgram> {
  // Jest's own flags are none of the program's.
  return startProgram(process.execPath, args, { ...options, env: { NODE_OPTIONS: undefined, ...options.env } });
}
