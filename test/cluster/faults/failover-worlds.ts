import { RedisCluster } from '../../support/redis-cluster.js';
import { RedisSentinels } from '../../support/redis-sentinels.js';
import type { RedisServer } from '../../support/redis-server.js';
import type { ClusterNodeOptions } from './cluster-node.js';
import { withOperator } from './redis-command.js';
import type { RedisWorld } from './redis-world.js';

/** A master with a replica, and Sentinels that lead to whichever is the master. */
export class SentinelWorld implements RedisWorld {
  private constructor(readonly sentinels: RedisSentinels) {}

  static async start(): Promise<SentinelWorld> {
    return new SentinelWorld(await RedisSentinels.start());
  }

  nodeOptions(): ClusterNodeOptions {
    return { redis: { sentinel: this.sentinels.options } };
  }

  stop(): Promise<void> {
    return this.sentinels.stop();
  }
}

/** Three masters with a replica each. */
export class ShardedWorld implements RedisWorld {
  private constructor(readonly cluster: RedisCluster) {}

  static async start(): Promise<ShardedWorld> {
    return new ShardedWorld(await RedisCluster.start());
  }

  nodeOptions(): ClusterNodeOptions {
    return { redis: { cluster: this.cluster.options } };
  }

  stop(): Promise<void> {
    return this.cluster.stop();
  }

  /** A key for each slot in which there is anything now. */
  async usedSlots(): Promise<readonly string[]> {
    const byTag = new Map<string, string>();
    for (const server of this.cluster.servers) {
      await withOperator(server, async (say) => {
        for (const key of (await say('KEYS', '*')) as string[]) byTag.set(/\{(.*?)\}/.exec(key)?.[1] ?? key, key);
      });
    }
    return [...byTag.values()];
  }

  /** The master that most of what is kept depends on, and a key that it has. */
  async busiestMaster(): Promise<{ readonly server: RedisServer; readonly key: string }> {
    const counts = new Map<RedisServer, string[]>();
    for (const key of await this.usedSlots()) {
      const server = await this.cluster.masterOf(key);
      counts.set(server, [...(counts.get(server) ?? []), key]);
    }
    const [busiest] = [...counts].sort(([, one], [, other]) => other.length - one.length);
    const key = busiest?.[1][0];
    if (!busiest || key === undefined) throw new Error('nothing is kept yet');
    return { server: busiest[0], key };
  }
}
