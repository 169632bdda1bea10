import { afterAll, beforeAll, describe } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { redis } from '../../src/backing/redis/index.js';
import type { RedisBackingOptions } from '../../src/backing/redis/index.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisSentinels } from '../support/redis-sentinels.js';
import { redisAbsence, RedisServer } from '../support/redis-server.js';
import { describeCluster } from './application.suite.js';

const absence = redisAbsence();

/** One way to set up Redis: starts it, and says how to reach it. */
interface Topology {
  readonly options: RedisBackingOptions;
  stop(): Promise<void>;
}

const topologies: Readonly<Record<string, () => Promise<Topology>>> = {
  Redis: async () => {
    const server = await RedisServer.start();
    return { options: { url: server.url }, stop: () => server.stop() };
  },
  'Redis with four partitions': async () => {
    const server = await RedisServer.start();
    return { options: { url: server.url, partitions: 4 }, stop: () => server.stop() };
  },
  'Redis through Sentinel': async () => {
    const sentinels = await RedisSentinels.start();
    return { options: { sentinel: sentinels.options }, stop: () => sentinels.stop() };
  },
  'Redis Cluster': async () => {
    const cluster = await RedisCluster.start();
    return { options: { cluster: cluster.options, partitions: 4 }, stop: () => cluster.stop() };
  },
};

(absence === '' ? describe : describe.skip).each(Object.entries(topologies))(`over %s${absence}`, (name, start) => {
  let topology: Topology;

  beforeAll(async () => {
    topology = await start();
  });
  afterAll(() => topology?.stop());

  describeCluster(name, () => {
    const keyPrefix = `push-${randomBytes(4).toString('hex')}`;
    return { factory: () => redis({ ...topology.options, keyPrefix }), close: () => undefined };
  });
});
