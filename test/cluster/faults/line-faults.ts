import { setTimeout as sleep } from 'node:timers/promises';
import { RedisServer } from '../../support/redis-server.js';
import type { Fault, FaultyCluster } from './fault.js';
import type { Figure } from './fault-result.js';
import { connectTo, elapsed, noticed } from './node-watch.js';
import { restOf } from './node-senders.js';
import type { StalledWay } from './redis-line.js';
import { StandaloneRedis } from './redis-world.js';

/** Longer than it takes to notice. */
const STALL_MS = 5_000;

const world = () => StandaloneRedis.start({ onLines: [0] });

/** What happens between one node and Redis. */
export const LINE_FAULTS: readonly Fault<StandaloneRedis>[] = [
  stalled('both', 'nothing passes between a node and Redis for 5 s, and nobody is told'),
  stalled('up', 'nothing passes from a node to Redis for 5 s'),
  stalled('down', 'nothing passes from Redis to a node for 5 s'),
  {
    name: 'the connections of a node with Redis are cut, eight times',
    isQuick: true,
    gaps: 'none',
    world,
    async strike(_cluster, redis) {
      for (let time = 0; time < 8; time++) {
        redis.line(0).cut();
        await sleep(250);
      }
    },
  },
  {
    name: 'what passes between a node and Redis takes 20 to 120 ms',
    isQuick: false,
    gaps: 'none',
    world,
    async strike(cluster, redis) {
      redis.line(0).slowDown(() => cluster.random.between(20, 120));
      await sleep(STALL_MS);
      redis.line(0).slowDown(undefined);
    },
  },
  {
    name: 'a subscriber stands at a server on which nothing is published any more',
    isQuick: false,
    gaps: 'none',
    world,
    async strike(_cluster, redis) {
      const old = await RedisServer.start();
      try {
        const since = performance.now();
        await redis.line(0).strandSubscribers(old.port);
        return [{ what: 'noticed by the node after', value: elapsed(since), unit: 'ms', atMost: 15_000 }];
      } finally {
        await old.stop();
      }
    },
  },
  {
    name: 'somebody is disconnected while a node is cut off',
    isQuick: false,
    gaps: 'none',
    world,
    strike: disconnectEverywhere,
  },
];

function stalled(way: StalledWay, name: string): Fault<StandaloneRedis> {
  return {
    name,
    isQuick: false,
    gaps: 'none',
    world,
    async strike(cluster, redis) {
      const since = performance.now();
      redis.line(0).stall(way);
      const found = await noticed(cluster.node(0), since, 4_000);
      await sleep(Math.max(0, STALL_MS - elapsed(since)));
      redis.line(0).heal();
      return [found];
    },
    isSeenIn: ({ refused, unknown }) => refused + unknown > 0,
  };
}

/** Once with all nodes in reach, once with one that is not and hears of it when it is back. */
async function disconnectEverywhere(cluster: FaultyCluster, redis: StandaloneRedis): Promise<readonly Figure[]> {
  const kick = (user: string) => restOf(cluster.node(1)).delete(`/push/users/${user}/connections`);
  const everywhere = await Promise.all(cluster.nodes.map((node) => connectTo(node, 'kicked')));
  let since = performance.now();
  await kick('kicked');
  await Promise.all(everywhere.map((client) => client.end()));
  const onAll = { what: 'gone from all nodes after', value: elapsed(since), unit: 'ms', atMost: 1_000 };

  const cutOff = await connectTo(cluster.node(0), 'outcast');
  redis.line(0).stall('both');
  await sleep(STALL_MS);
  await kick('outcast');
  redis.line(0).heal();
  since = performance.now();
  await cutOff.end();
  return [
    onAll,
    { what: 'gone from the node that was cut off, when it is back, after', value: elapsed(since), unit: 'ms' },
  ];
}
