import type { RedisBackingOptions } from '../../../src/backing/redis/redis-options.js';
import { RedisServer } from '../../support/redis-server.js';
import type { ClusterNodeOptions } from './cluster-node.js';
import { RedisLine } from './redis-line.js';

/** What lies beyond the nodes: one Redis or several, and the way there. */
export interface RedisWorld {
  /** How the node of that number is started, so that it finds Redis. */
  nodeOptions(number: number): ClusterNodeOptions;
  stop(): Promise<void>;
}

/** What a standalone Redis is started with. */
export interface StandaloneRedisOptions {
  /** Arguments of `redis-server`. */
  readonly settings?: readonly string[];
  /** Numbers of the nodes that reach it over a line of their own. */
  readonly onLines?: readonly number[];
  /** Set for the program, beside the variables of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** One server, which nodes reach directly or over a {@link RedisLine}. */
export class StandaloneRedis implements RedisWorld {
  private constructor(
    readonly server: RedisServer,
    private readonly lines: ReadonlyMap<number, RedisLine>,
  ) {}

  static async start({ settings = [], onLines = [], env }: StandaloneRedisOptions = {}): Promise<StandaloneRedis> {
    const server = await RedisServer.start(settings, env);
    const lines = new Map<number, RedisLine>();
    for (const number of onLines) lines.set(number, await RedisLine.start(server.port));
    return new StandaloneRedis(server, lines);
  }

  /** The line of that node. */
  line(number: number): RedisLine {
    const line = this.lines.get(number);
    if (!line) throw new Error(`node ${number} has no line of its own`);
    return line;
  }

  nodeOptions(number: number): ClusterNodeOptions {
    return { redis: this.backingFor(number), isOnLine: this.lines.has(number) };
  }

  /** What `redis()` is to be called with on that node. */
  backingFor(number: number): RedisBackingOptions {
    return { url: this.lines.get(number)?.url ?? this.server.url };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.lines.values()].map((line) => line.close()));
    await this.server.stop();
  }
}
