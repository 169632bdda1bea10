import type { RedisBackingOptions } from '../../src/backing/redis/index.js';
import { RedisCluster } from './redis-cluster.js';
import { RedisSentinels } from './redis-sentinels.js';
import { RedisServer } from './redis-server.js';

/** Redis in one of the ways in which it may be set up. */
export interface Topology {
  /** How it is reached. */
  readonly options: RedisBackingOptions;
  stop(): Promise<void>;
}

/** Starts Redis in that way. */
export type StartTopology = () => Promise<Topology>;

const standalone =
  (partitions: number): StartTopology =>
  async () => {
    const server = await RedisServer.start();
    return { options: { url: server.url, partitions }, stop: () => server.stop() };
  };

/** The ways, by name. */
export const TOPOLOGIES = {
  Redis: standalone(1),
  'Redis with five partitions': standalone(5),
  'Redis through Sentinel': async () => {
    const sentinels = await RedisSentinels.start();
    return { options: { sentinel: sentinels.options }, stop: () => sentinels.stop() };
  },
  'Redis Cluster with five partitions': async () => {
    const cluster = await RedisCluster.start();
    return { options: { cluster: cluster.options, partitions: 5 }, stop: () => cluster.stop() };
  },
} satisfies Readonly<Record<string, StartTopology>>;
