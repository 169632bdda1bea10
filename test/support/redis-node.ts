import { randomBytes } from 'node:crypto';
import type { RedisConnections } from '../../src/backing/redis/redis-connections.js';
import { RedisNodeLink } from '../../src/backing/redis/redis-node-link.js';
import { FrameSeal } from '../../src/backing/redis/sealed-frame.js';
import type { RedisBackingOptions } from '../../src/backing/redis/redis-options.js';
import { connectRedis } from '../../src/backing/redis/redis-reach.js';
import { systemClock } from '../../src/core/clock.js';
import { eventually } from './eventually.js';

/** What tells one test's nodes from those of others. */
export interface RedisNodeOptions {
  readonly prefix?: string;
  readonly secret?: string;
  /** Resolves when the node may go on with each of its joins. */
  readonly mayJoin?: () => Promise<void>;
}

/** A node of a cluster, with its link alone: connections of its own and a way to lose them. */
export class RedisNode {
  readonly link: RedisNodeLink;
  readonly failures: unknown[] = [];
  private isOpen = true;

  private constructor(
    private readonly connections: RedisConnections,
    prefix: string,
    seal: () => Promise<FrameSeal>,
  ) {
    this.link = new RedisNodeLink({
      connections,
      nodeId: randomBytes(6).toString('hex'),
      prefix,
      seal,
      clock: systemClock,
      onFailure: (cause) => this.failures.push(cause),
    });
    connections.open();
  }

  static async start(
    reach: string | RedisBackingOptions,
    { prefix = 'push:{test}', secret = 'of the test', mayJoin = async () => {} }: RedisNodeOptions = {},
  ): Promise<RedisNode> {
    const connections = connectRedis(typeof reach === 'string' ? { url: reach } : reach, systemClock);
    const node = new RedisNode(connections, prefix, async () => {
      await mayJoin();
      return new FrameSeal(secret);
    });
    await eventually(() => node.link.nodeCount > 0);
    return node;
  }

  /** Loses its connections and opens none until {@link reconnect}. */
  async cutOff(): Promise<void> {
    this.connections.close();
    await eventually(() => this.link.nodeCount === 0);
  }

  async reconnect(): Promise<void> {
    this.connections.open();
    await eventually(() => this.connections.isReady);
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.link.close();
    this.connections.close();
  }
}
