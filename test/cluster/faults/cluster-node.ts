import { fileURLToPath } from 'node:url';
import type { RedisBackingOptions } from '../../../src/backing/redis/redis-options.js';
import type { PushModuleOptions } from '../../../src/push-options.interface.js';
import { startNodeProgram, startProgram } from '../../support/child-program.js';
import type { ChildProgram } from '../../support/child-program.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

const PROGRAM = fileURLToPath(new URL('../../support/programs/cluster-node.mjs', import.meta.url));
const LOOPBACK = '127.0.0.1';

/** What recipients and publishers need to know of a node, whatever runs it. */
export interface RunningNode {
  /** Where it listens; where it listened last when it is gone. */
  readonly port: number;
  readonly isUp: boolean;
  /** Whether something lies between it and Redis that can hold back what passes, and let it go later. */
  readonly isOnLine?: boolean;
  /** Ends it in good order. */
  stop(): Promise<void>;
}

/** How a node is started. */
export interface ClusterNodeOptions {
  /** What `redis()` is called with. Without it the node stands alone, on memory. */
  readonly redis?: RedisBackingOptions | undefined;
  /** Whether something lies between it and Redis that can hold back what passes, and let it go later. */
  readonly isOnLine?: boolean;
  /** Options of the module that JSON can say. */
  readonly push?: PushModuleOptions | undefined;
  /** How long a stall of its event loop lasts, in milliseconds. */
  readonly stallMs?: number;
  /** A command that runs what stands behind it, such as `ip netns exec one`. */
  readonly through?: readonly string[];
  /** The address it listens on, if that is not loopback. */
  readonly host?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of Node. */
  readonly flags?: readonly string[];
}

/** A node in a process of its own. */
export class ClusterNode implements RunningNode {
  private constructor(
    private program: ChildProgram,
    /** Before a node that does not listen on loopback, for everyone finds nodes there. */
    private door: TcpProxy | undefined,
    private listensOn: number,
    private options: ClusterNodeOptions,
  ) {}

  static async start(options: ClusterNodeOptions = {}): Promise<ClusterNode> {
    const { program, door, port } = await spawnNode(options);
    return new ClusterNode(program, door, port, options);
  }

  get port(): number {
    return this.listensOn;
  }

  get isUp(): boolean {
    return this.program.isRunning;
  }

  get isOnLine(): boolean {
    return this.options.isOnLine === true;
  }

  /** All that it printed since it was started last. */
  get output(): string {
    return this.program.output;
  }

  get pid(): number {
    return this.program.pid;
  }

  /** Ends it as a machine that fails does. */
  async kill(): Promise<void> {
    this.program.signal('SIGKILL');
    await this.program.ended;
    await this.door?.close();
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
    const wasUp = this.isUp;
    this.thaw();
    await this.program.stop();
    if (wasUp) await this.door?.close();
  }

  /** Another one in its place, on another port; `changes` are to how it is started. */
  async restart(changes: ClusterNodeOptions = {}): Promise<void> {
    this.options = { ...this.options, ...changes };
    const { program, door, port } = await spawnNode(this.options);
    this.listensOn = port;
    this.door = door;
    this.program = program;
  }
}

async function spawnNode(options: ClusterNodeOptions) {
  const { redis, push = {}, stallMs = 3_000, through = [], host = LOOPBACK, flags = [] } = options;
  const env = {
    ...options.env,
    NODE_REDIS_JSON: redis && JSON.stringify(redis),
    NODE_OPTIONS_JSON: JSON.stringify(push),
    NODE_STALL_MS: String(stallMs),
    NODE_HOST: host,
  };
  const [command, ...args] = [...through, process.execPath, ...flags, PROGRAM];
  const program =
    command === process.execPath
      ? await startNodeProgram(args, { env })
      : await startProgram(command ?? '', args, { env: { NODE_OPTIONS: undefined, ...env } });
  const [, listensOn] = await program.waitForLine(/listening on (\d+)/);
  if (host === LOOPBACK) return { program, door: undefined, port: Number(listensOn) };
  const door = await TcpProxy.before(`http://${host}:${listensOn}`);
  return { program, door, port: Number(new URL(door.url).port) };
}
