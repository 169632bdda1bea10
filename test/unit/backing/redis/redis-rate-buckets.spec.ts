import { expect, it } from '@jest/globals';
import { LimitsLine } from '../../../../src/backing/redis/limits-line.js';
import type { RedisCommands } from '../../../../src/backing/redis/redis-connections.js';
import { RedisRateBuckets } from '../../../../src/backing/redis/redis-rate-buckets.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';

/** A Redis whose buckets are always full. */
const commands = { evalsha: async () => [1, '10'], eval: async () => [1, '10'] } as unknown as RedisCommands;

it('gives up what it held alone when Redis is in reach again', async () => {
  const clock = new ManualClock();
  const nodes = { nodeId: 'a', nodeCount: 0, lastNodeCount: 1, listAlive: async () => new Set<string>() };
  const buckets = new RedisRateBuckets(commands, 'push', new LimitsLine(nodes, clock), clock);
  for (const subject of ['anna', 'ben', 'cleo']) await buckets.spend(subject, 10, 10);
  expect(buckets.localSize).toBe(3);

  nodes.nodeCount = 1;
  clock.advance(2_000);
  await buckets.spend('dora', 10, 1);
  await buckets.spend('dora', 10, 1);
  expect(buckets.localSize).toBe(0);
});
