import { fileURLToPath } from 'node:url';
import type { PushModuleOptions } from '../../../src/push-options.interface.js';
import { startNodeProgram } from '../../support/child-program.js';
import type { ChildProgram } from '../../support/child-program.js';

const PROGRAM = fileURLToPath(new URL('../../support/programs/cluster-node.mjs', import.meta.url));

/** What recipients and publishers need to know of a node, whatever runs it. */
export interface RunningNode {
  /** Where it listens; where it listened last when it is gone. */
  readonly port: number;
  readonly isUp: boolean;
  /** Ends it in good order. */
  stop(): Promise<void>;
}

/** How a node is started. */
export interface ClusterNodeOptions {
  /** Without it the node stands alone, on memory. */
  readonly redisUrl?: string | undefined;
  /** Options of the module that JSON can say. */
  readonly push?: PushModuleOptions | undefined;
  /** How long a stall of its event loop lasts, in milliseconds. */
  readonly stallMs?: number;
}

/** A node in a process of its own. */
export class ClusterNode implements RunningNode {
  private constructor(
    private program: ChildProgram,
    private listensOn: number,
    private readonly options: ClusterNodeOptions,
  ) {}

  static async start(options: ClusterNodeOptions = {}): Promise<ClusterNode> {
    const program = await spawnNode(options);
    return new ClusterNode(program, await portOf(program), options);
  }

  get port(): number {
    return this.listensOn;
  }

  get isUp(): boolean {
    return this.program.isRunning;
  }

  /** All that it printed since it was started last. */
  get output(): string {
    return this.program.output;
  }

  /** Ends it as a machine that fails does. */
  async kill(): Promise<void> {
    this.program.signal('SIGKILL');
    await this.program.ended;
  }

  /** It neither reads nor answers until {@link thaw}. */
  freeze(): void {
    this.program.signal('SIGSTOP');
  }

  thaw(): void {
    this.program.signal('SIGCONT');
  }

  /** Its event loop stands still for a while. */
  stall(): void {
    this.program.signal('SIGUSR2');
  }

  async stop(): Promise<void> {
    this.thaw();
    await this.program.stop();
  }

  /** Another one in its place, on another port. */
  async restart(): Promise<void> {
    const program = await spawnNode(this.options);
    this.listensOn = await portOf(program);
    this.program = program;
  }
}

function spawnNode({ redisUrl, push = {}, stallMs = 3_000 }: ClusterNodeOptions): Promise<ChildProgram> {
  const env = { NODE_REDIS_URL: redisUrl, NODE_OPTIONS_JSON: JSON.stringify(push), NODE_STALL_MS: String(stallMs) };
  return startNodeProgram([PROGRAM], { env });
}

async function portOf(program: ChildProgram): Promise<number> {
  const [, port] = await program.waitForLine(/listening on (\d+)/);
  return Number(port);
}
