import { expect, it } from '@jest/globals';
import { LIMIT_LOOK_MS, LimitsLine } from '../../../../src/backing/redis/limits-line.js';
import { RedisConnectionCounts } from '../../../../src/backing/redis/redis-connection-counts.js';
import type { RedisCommands } from '../../../../src/backing/redis/redis-connections.js';
import { LIMIT_DEADLINE_MS } from '../../../../src/backing/shared-limits.interface.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';

/** A Redis that answers when it is told to, and keeps how many this node was said to have, call by call. */
class ScriptedRedis {
  readonly said: unknown[] = [];
  private readonly waiting: ((answer: unknown) => void)[] = [];

  readonly commands = {
    evalsha: (_hash: string, _keys: number, _key: string, _node: string, count: unknown) => {
      this.said.push(count);
      return new Promise((resolve) => this.waiting.push(resolve));
    },
  } as unknown as RedisCommands;

  /** Answers what was asked first. */
  async answer(answer: unknown): Promise<void> {
    this.waiting.shift()?.(answer);
    await new Promise(setImmediate);
  }
}

/** One that goes on at once after a late answer. */
class PatientLine extends LimitsLine {
  override get isOpen(): boolean {
    return true;
  }
}

function startCounts() {
  const clock = new ManualClock();
  const redis = new ScriptedRedis();
  const nodes = { nodeId: 'a', nodeCount: 2, lastNodeCount: 2, listAlive: async () => new Set<string>() };
  const counts = new RedisConnectionCounts(redis.commands, 'push', new PatientLine(nodes, clock), clock);
  return { clock, redis, counts };
}

it('does not count who has left before Redis was found to be late', async () => {
  const { clock, redis, counts } = startCounts();
  const entered = counts.enter('anna', 1, 10);
  counts.settle('anna', 0);
  clock.advance(LIMIT_DEADLINE_MS + LIMIT_LOOK_MS);
  expect(await entered).toBe(true);
  await redis.answer(1);
  await redis.answer(1);
  clock.advance(60);
  expect(redis.said).toEqual([1, 0, 0]);
});

it('writes again what has changed while it struck out a dead node', async () => {
  const { clock, redis, counts } = startCounts();
  const entered = counts.enter('anna', 1, 1);
  await redis.answer(['dead']);
  counts.settle('anna', 0);
  clock.advance(60);
  await redis.answer(1);
  expect(await entered).toBe(true);
  await redis.answer(1);
  clock.advance(60);
  expect(redis.said).toEqual([1, 1, 0, 0]);
});

it('lets nobody in by its share where Redis has said that the others leave no room', async () => {
  const { clock, redis, counts } = startCounts();
  const entered = counts.enter('anna', 1, 10);
  const asked = counts.hasRoom('ben', 1, 10);
  await redis.answer(['dead']);
  await redis.answer(['dead']);
  clock.advance(LIMIT_DEADLINE_MS + LIMIT_LOOK_MS);
  expect(await Promise.all([entered, asked])).toEqual([false, false]);
});
