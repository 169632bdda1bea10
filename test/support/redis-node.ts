import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { FrameSeal } from '../../src/backing/redis/sealed-frame.js';
import { RedisNodeLink } from '../../src/backing/redis/redis-node-link.js';
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
    private readonly commands: Redis,
    private readonly subscriber: Redis,
    prefix: string,
    secret: string,
  ) {
    this.link = new RedisNodeLink({
      commands,
      subscriber,
      nodeId: randomBytes(6).toString('hex'),
      prefix,
      seal: async () => new FrameSeal(secret),
      clock: systemClock,
      onFailure: (cause) => this.failures.push(cause),
    });
  }

  static async start(url: string, options: RedisNodeOptions = {}): Promise<RedisNode> {
    const { prefix = 'push:{test}', secret = 'of the test' } = options;
    const node = new RedisNode(connect(url), connect(url), prefix, secret);
    await eventually(() => node.link.nodeCount > 0);
    return node;
  }

  /** Loses both connections and opens none until {@link reconnect}. */
  async cutOff(): Promise<void> {
    for (const redis of [this.commands, this.subscriber]) redis.disconnect();
    await eventually(() => this.link.nodeCount === 0);
  }

  async reconnect(): Promise<void> {
    await Promise.all([this.commands.connect(), this.subscriber.connect()]);
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.link.close();
    for (const redis of [this.commands, this.subscriber]) {
      // Ended once already, the driver would wait two seconds for a socket that is gone.
      if (redis.status !== 'end') redis.disconnect();
    }
  }
}

function connect(url: string): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    commandTimeout: 1_000,
    connectTimeout: 2_000,
  });
  redis.on('error', () => {});
  return redis;
}
