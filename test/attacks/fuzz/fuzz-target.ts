import { fileURLToPath } from 'node:url';
import { startNodeProgram } from '../../support/child-program.js';
import type { ChildProgram } from '../../support/child-program.js';
import { eventually } from '../../support/eventually.js';
import { ask } from '../../support/http-request.js';
import type { Platform } from '../../support/push-app.js';
import { Bystander } from '../bystander.js';

/** How the attacked process fares. */
interface TargetState {
  readonly ticks: number;
  readonly connections: Readonly<Record<'ws' | 'sse' | 'poll', number>>;
  /** What keeps its event loop alive, by kind. */
  readonly resources: Readonly<Record<string, number>>;
  readonly usedBytes: number;
  readonly faults: readonly string[];
}

/** What may stay in the heap: compiled code, caches of Node, verified tokens that are remembered. */
const GROWTH_LIMIT_BYTES = 24 * 1024 * 1024;

/** A process that is attacked, with a bystander who is connected to it. */
export class FuzzTarget {
  private constructor(
    private readonly program: ChildProgram,
    readonly port: number,
    private readonly controlPort: number,
    private readonly bystander: Bystander,
    private readonly atRest: TargetState,
  ) {}

  static async start(platform: Platform, options: Readonly<Record<string, unknown>> = {}): Promise<FuzzTarget> {
    const script = fileURLToPath(new URL('../../support/programs/fuzz-host.mjs', import.meta.url));
    const env = { PLATFORM: platform, PUSH_OPTIONS: JSON.stringify(options) };
    const program = await startNodeProgram(['--expose-gc', script], { env });
    const [, port, controlPort] = await program.waitForLine(/^listening on (\d+) and (\d+)$/);
    const bystander = await Bystander.arrive({ origin: `http://127.0.0.1:${port}` });
    const atRest = await stateOf(Number(controlPort));
    return new FuzzTarget(program, Number(port), Number(controlPort), bystander, atRest);
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Throws what has gone wrong in the process so far. */
  async expectSound(): Promise<void> {
    if (!this.program.isRunning) throw new Error(`the process has ended: ${this.program.output}`);
    const { faults } = await stateOf(this.controlPort);
    if (faults.length > 0) throw new Error(faults.join('\n'));
  }

  /** Everything that the attackers held is gone again, and the bystander has not noticed them. */
  async expectClean(): Promise<void> {
    await this.expectSound();
    await eventually(async () => this.expectNothingLeft(await stateOf(this.controlPort)), { what: 'nothing is left' });
    const { ticks } = await stateOf(this.controlPort);
    await this.bystander.expectUnharmed(ticks);
  }

  /** Ends the process as its host would; it must end by itself. */
  async stop(): Promise<void> {
    await this.bystander.leave();
    const { code, signal } = await this.program.stop(20_000);
    if (code !== 0) throw new Error(`the process ended with ${signal ?? code}: ${this.program.output}`);
  }

  private expectNothingLeft({ connections, resources, usedBytes }: TargetState): void {
    const all = `of ${JSON.stringify({ connections, resources })}`;
    for (const transport of ['ws', 'sse'] as const) {
      if (connections[transport] !== 1) throw new Error(`${transport}: ${connections[transport]} connections, ${all}`);
    }
    if (connections.poll > 1) throw new Error(`poll: ${connections.poll} connections, ${all}`);
    for (const [kind, count] of Object.entries(resources)) {
      // The poll of the bystander comes and goes, and with it a socket and a timer.
      const atRest = this.atRest.resources[kind] ?? 0;
      if (count > atRest + 2) throw new Error(`${kind}: ${atRest} at rest, ${count} now, ${all}`);
    }
    const grownBytes = usedBytes - this.atRest.usedBytes;
    if (grownBytes > GROWTH_LIMIT_BYTES) throw new Error(`the process has grown by ${grownBytes} bytes`);
  }
}

async function stateOf(port: number): Promise<TargetState> {
  return JSON.parse((await ask(`http://127.0.0.1:${port}/state`)).text) as TargetState;
}
