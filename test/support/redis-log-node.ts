import { randomBytes } from 'node:crypto';
import type { MessageLogLimits } from '../../src/backing/message-log.interface.js';
import { evenHashTags } from '../../src/backing/redis/hash-slot.js';
import type { RedisConnections } from '../../src/backing/redis/redis-connections.js';
import { RedisMessageLog } from '../../src/backing/redis/redis-message-log.js';
import type { RedisBackingOptions } from '../../src/backing/redis/redis-options.js';
import { connectRedis } from '../../src/backing/redis/redis-reach.js';
import { systemClock } from '../../src/core/clock.js';
import { eventually } from './eventually.js';

/** What tells one test's nodes from those of others. */
export interface RedisLogNodeOptions {
  readonly prefix?: string;
  readonly secret?: string;
  readonly limits?: MessageLogLimits;
  /** @default 1 */
  readonly partitions?: number;
  /** The time of node and server; the machine's if left out. */
  readonly now?: () => number;
}

/** A node of a cluster, with its log alone and connections of its own. */
export class RedisLogNode {
  private constructor(
    readonly connections: RedisConnections,
    readonly log: RedisMessageLog,
  ) {}

  /** Makes one that need not reach Redis yet. */
  static open(
    reach: string | RedisBackingOptions,
    { prefix = 'push:{test}', secret, limits = {}, partitions = 1, now }: RedisLogNodeOptions = {},
  ): RedisLogNode {
    const connections = connectRedis(typeof reach === 'string' ? { url: reach } : reach, systemClock);
    const times = now === undefined ? {} : { fixedNow: now, clock: { ...systemClock, now } };
    const roots = rootsOf(prefix, partitions);
    const nodeId = randomBytes(6).toString('base64url');
    const log = new RedisMessageLog({ connections, roots, nodeId, secret, limits, ...times });
    connections.open();
    return new RedisLogNode(connections, log);
  }

  /** Makes one and waits until it follows the log. */
  static async start(reach: string | RedisBackingOptions, options: RedisLogNodeOptions = {}): Promise<RedisLogNode> {
    const node = RedisLogNode.open(reach, options);
    await eventually(() => node.log.isFollowing, { what: 'the node to follow the log' });
    return node;
  }

  close(): void {
    this.log.close();
    this.connections.close();
  }
}

function rootsOf(prefix: string, partitions: number): readonly [string, ...string[]] {
  if (partitions === 1) return [`${prefix}:log`];
  const [first = '', ...others] = evenHashTags('', partitions).map(
    (tag) => `${prefix.replaceAll(/[{}]/g, '')}:{${tag}}:log`,
  );
  return [first, ...others];
}
