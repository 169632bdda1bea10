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
}

/** A node of a cluster, with its link alone: connections of its own and a way to lose them. */
export class RedisNode {
  readonly link: RedisNodeLink;
  readonly failures: unknown[] = [];
  private isOpen = true;

  private constructor(
    private readonly connections: RedisConnections,
    prefix: string,
    secret: string,
  ) {
    this.link = new RedisNodeLink({
      connections,
      nodeId: randomBytes(6).toString('hex'),
      prefix,
      seal: async () => new FrameSeal(secret),
      clock: systemClock,
      onFailure: (cause) => this.failures.push(cause),
    });
    connections.open();
  }

  static async start(
    reach: string | RedisBackingOptions,
    { prefix = 'push:{test}', secret = 'of the test' }: RedisNodeOptions = {},
  ): Promise<RedisNode> {
    const connections = connectRedis(typeof reach === 'string' ? { url: reach } : reach, systemClock);
    const node = new RedisNode(connections, prefix, secret);
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
