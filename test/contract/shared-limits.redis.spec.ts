import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LimitNodes } from '../../src/backing/redis/limits-line.js';
import { RedisLimits } from '../../src/backing/redis/redis-limits.js';
import { LIMIT_LOOK_MS } from '../../src/backing/redis/limits-line.js';
import type { Clock } from '../../src/core/clock.js';
import { systemClock } from '../../src/core/clock.js';
import { eventually } from '../support/eventually.js';
import { redisAbsence } from '../support/redis-server.js';
import { useTestRedis } from '../support/test-redis.js';
import { describeSharedLimits } from './shared-limits.suite.js';

const absence = redisAbsence();

/** Has buckets be filled as if so much time had passed. */
const FILL = `
for _, key in ipairs(redis.call('KEYS', '*:rate:*')) do redis.call('HINCRBYFLOAT', key, 'at', -ARGV[1] * 1000) end
`;

/** Waits for Redis on a machine that is busy with something else, where a node would go on with its own share. */
const patientClock: Clock = {
  ...systemClock,
  every: (intervalMs, callback) => systemClock.every(intervalMs === LIMIT_LOOK_MS ? 6_000 : intervalMs, callback),
};

/** The nodes of a test, as one of them sees them. */
class FakeNodes implements LimitNodes {
  isReachable = true;

  constructor(
    readonly nodeId: string,
    private readonly alive: Set<string>,
  ) {}

  get nodeCount(): number {
    return this.isReachable ? this.alive.size : 0;
  }

  get lastNodeCount(): number {
    return this.alive.size;
  }

  async listAlive(): Promise<ReadonlySet<string>> {
    return new Set([...this.alive].filter((id) => id !== this.nodeId));
  }
}

(absence ? describe.skip : describe)(`Redis${absence}`, () => {
  const redis = useTestRedis();
  let prefixes = 0;
  const freshPrefix = () => `push-${++prefixes}`;
  const advance = async (milliseconds: number) => void (await redis.commands.eval(FILL, 0, milliseconds));

  describeSharedLimits('RedisLimits', () => {
    const limits = new RedisLimits(redis.commands, freshPrefix(), new FakeNodes('a', new Set(['a'])), patientClock);
    return { limits, advance, close: () => limits.close() };
  });

  describe('RedisLimits of several nodes', () => {
    let prefix: string;
    let alive: Set<string>;
    let nodes: FakeNodes[];
    let limits: RedisLimits[];

    beforeEach(() => {
      prefix = freshPrefix();
      alive = new Set();
      nodes = [];
      limits = [];
      for (let number = 0; number < 10; number++) add(`n${number}`);
    });
    afterEach(() => limits.forEach((node) => node.close()));

    function add(nodeId: string): RedisLimits {
      alive.add(nodeId);
      const node = new FakeNodes(nodeId, alive);
      const added = new RedisLimits(redis.commands, prefix, node, patientClock);
      nodes.push(node);
      limits.push(added);
      return added;
    }

    /** Has every node take a token; how many were granted. */
    async function takeEverywhere(subject: string, tokensPerSecond: number): Promise<number> {
      const verdicts = await Promise.all(limits.map(async ({ rates }) => rates.take(subject, tokensPerSecond)));
      return verdicts.filter(({ isGranted }) => isGranted).length;
    }

    function node(number: number): RedisLimits {
      const found = limits[number];
      if (!found) throw new Error(`no node ${number}`);
      return found;
    }

    /** How often scripts were called so far. */
    async function calls(): Promise<number> {
      const stats = await redis.commands.info('commandstats');
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
    }

    const keysOf = (kind: string) => redis.commands.keys(`${prefix}:${kind}:*`);

    it('hold one limit of connections', async () => {
      const wishes = limits.flatMap(({ counts }) => [1, 2, 3].map(async (here) => counts.enter('user:7', here, 12)));
      expect((await Promise.all(wishes)).filter(Boolean)).toHaveLength(12);
    });

    it('see at once that another has fewer', async () => {
      for (let number = 0; number < 3; number++) await node(number).counts.enter('user:7', 1, 3);
      expect(await node(3).counts.hasRoom('user:7', 1, 3)).toBe(false);
      node(0).counts.settle('user:7', 0);
      await eventually(async () => (await node(4).counts.hasRoom('user:7', 1, 3)) === true);
      expect(await node(5).counts.enter('user:7', 1, 3)).toBe(true);
    });

    it('do not count those of a node that is dead', async () => {
      await node(0).counts.enter('user:7', 1, 2);
      await node(0).counts.enter('user:7', 2, 2);
      expect(await node(1).counts.enter('user:7', 1, 2)).toBe(false);
      node(1).counts.settle('user:7', 0);
      alive.delete('n0');
      expect(await node(2).counts.enter('user:7', 1, 2)).toBe(true);
      expect(await node(2).counts.enter('user:7', 2, 2)).toBe(true);
      expect(await node(3).counts.enter('user:7', 1, 2)).toBe(false);
    });

    it('count those of a node again that was taken for dead', async () => {
      await node(0).counts.enter('user:7', 1, 1);
      alive.delete('n0');
      expect(await node(1).counts.enter('user:7', 1, 1)).toBe(true);
      node(1).counts.settle('user:7', 0);
      await eventually(async () => (await keysOf('count')).length === 0);
      alive.add('n0');
      node(0).joined();
      await eventually(async () => (await keysOf('count')).length === 1);
      expect(await node(2).counts.enter('user:7', 1, 1)).toBe(false);
    });

    it('write everything anew into a Redis that has lost its data', async () => {
      const subjects = Array.from({ length: 1_200 }, (_, user) => `user:${user}`);
      await Promise.all(subjects.map(async (subject) => node(0).counts.enter(subject, 1, 1)));
      await redis.commands.flushall();
      node(0).joined();
      await eventually(async () => (await keysOf('count')).length === subjects.length);
    });

    it('leave nothing behind when everyone has left', async () => {
      for (const { counts } of limits) await counts.enter('user:7', 1, 100);
      for (const { counts } of limits) counts.settle('user:7', 0);
      await eventually(async () => (await keysOf('count')).length === 0);
    });

    it('leave counts that nobody renews for ten minutes at most', async () => {
      await node(0).counts.enter('user:7', 1, 1);
      const [key = ''] = await keysOf('count');
      expect(await redis.commands.pttl(key)).toBeGreaterThan(500_000);
      expect(await redis.commands.pttl(key)).toBeLessThanOrEqual(600_000);
      const [[, count]] = Object.entries(await redis.commands.hgetall(key)) as [[string, string]];
      expect(Number(count.split(':')[1]) - (await redis.now())).toBeLessThanOrEqual(600_000);
    });

    it('write nothing for a connection whose place is taken by the next', async () => {
      await node(0).counts.enter('user:7', 1, 5);
      const before = await calls();
      for (let poll = 0; poll < 100; poll++) {
        node(0).counts.settle('user:7', 0);
        node(0).counts.settle('user:7', 1);
      }
      await eventually(async () => (await calls()) >= before);
      expect((await calls()) - before).toBeLessThanOrEqual(2);
    });

    it('do not ask again for a crowd that was refused', async () => {
      await node(0).counts.enter('user:7', 1, 1);
      expect(await node(1).counts.enter('user:7', 1, 1)).toBe(false);
      node(1).counts.settle('user:7', 0);
      const before = await calls();
      const crowd = Array.from({ length: 1_000 }, async () => node(1).counts.enter('user:7', 1, 1));
      expect((await Promise.all(crowd)).filter(Boolean)).toHaveLength(0);
      expect((await calls()) - before).toBeLessThanOrEqual(5);
    });

    it('share a bucket', async () => {
      const startedAtMs = performance.now();
      const verdicts = await Promise.all(
        limits.flatMap(({ rates }) => Array.from({ length: 50 }, async () => rates.spend('caller', 100, 1))),
      );
      const granted = verdicts.filter(({ isGranted }) => isGranted).length;
      expect(granted).toBeGreaterThanOrEqual(100);
      expect(granted).toBeLessThanOrEqual(101 + (performance.now() - startedAtMs) / 10);
    });

    it('give single tokens in chunks, at most one chunk a node too many', async () => {
      const startedAtMs = performance.now();
      let granted = 0;
      for (let round = 0; round < 100; round++) granted += await takeEverywhere('user', 100);
      const seconds = (performance.now() - startedAtMs) / 1_000;
      expect(granted).toBeGreaterThanOrEqual(100);
      // The bucket, a chunk of ten for each of ten nodes, what comes, and a hundredth of that for each node.
      expect(granted).toBeLessThanOrEqual(100 + 100 + seconds * 110 + 10);
    });

    it('ask for a chunk when half of the last one is spent, not for each token', async () => {
      const before = await calls();
      for (let round = 0; round < 100; round++) expect(await takeEverywhere('user', 1_000)).toBe(10);
      expect((await calls()) - before).toBeLessThanOrEqual(20);
    });

    it('cost nothing for single tokens of users who are quiet', async () => {
      const before = await calls();
      for (let user = 0; user < 1_000; user++)
        expect(node(0).rates.take(`user:${user}`, 100)).toMatchObject({ isGranted: true });
      expect(await calls()).toBe(before);
    });

    it('keep to a share each while they are out of reach, and lock nobody out', async () => {
      for (const each of nodes) each.isReachable = false;
      const [first, second, third] = limits as [RedisLimits, RedisLimits, RedisLimits];
      expect([1, 2, 3].map((here) => first.counts.enter('user:7', here, 20))).toEqual([true, true, false]);
      expect(second.counts.enter('user:7', 1, 5)).toBe(true);
      expect(second.counts.enter('user:7', 2, 5)).toBe(false);
      const spent = Array.from({ length: 20 }, () => third.rates.spend('caller', 50, 1));
      expect(spent.filter((verdict) => 'isGranted' in verdict && verdict.isGranted)).toHaveLength(5);
    });

    it('write what came meanwhile when they are in reach again', async () => {
      for (const each of nodes) each.isReachable = false;
      await node(0).counts.enter('user:7', 1, 20);
      for (const each of nodes) each.isReachable = true;
      node(0).joined();
      await eventually(async () => (await keysOf('count')).length === 1);
      expect(await node(1).counts.enter('user:7', 1, 1)).toBe(false);
    });

    it('answer by their share when Redis stands still, and do not wait for it again', async () => {
      redis.server.freeze();
      try {
        expect(await node(0).counts.enter('user:7', 1, 20)).toBe(true);
        expect(node(0).counts.enter('user:7', 2, 20)).toBe(true);
        expect(node(0).counts.enter('user:7', 3, 20)).toBe(false);
        expect(await node(1).rates.spend('caller', 100, 1)).toMatchObject({ isGranted: true });
      } finally {
        redis.server.thaw();
        await redis.reached();
      }
    });
  });
});
