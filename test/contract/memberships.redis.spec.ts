import { describe, expect, it } from '@jest/globals';
import { RedisMemberships } from '../../src/backing/redis/redis-memberships.js';
import { eventually } from '../support/eventually.js';
import { itRefusesWhileOutOfReach } from '../support/out-of-reach.js';
import { redisAbsence } from '../support/redis-server.js';
import { useTestRedis } from '../support/test-redis.js';
import { describeMemberships } from './memberships.suite.js';

const absence = redisAbsence();

(absence ? describe.skip : describe)(`Redis${absence}`, () => {
  const redis = useTestRedis();
  describeMemberships('RedisMemberships', () => ({
    memberships: new RedisMemberships(redis.commands, redis.freshKey()),
    now: () => redis.now(),
    // Ends are judged by the clock of Redis, which nobody can set.
    advance: async (milliseconds) => {
      const endMs = (await redis.now()) + milliseconds;
      await eventually(async () => (await redis.now()) >= endMs);
    },
    close: () => undefined,
  }));

  it('are the same on every node', async () => {
    const key = redis.freshKey();
    const nodes = [0, 1].map(() => new RedisMemberships(redis.commands, key)) as [RedisMemberships, RedisMemberships];
    const membership = { userId: '7', group: 'g', expiresAtMs: undefined };

    await nodes[0].add(membership);
    expect([(await nodes[1].ofUser('7')).held, await nodes[1].ofGroup('g', undefined, 10)]).toEqual([
      [membership],
      [membership],
    ]);

    const revision = await nodes[1].remove('7', 'g');
    expect(await nodes[0].ofUser('7')).toEqual({ held: [], revision });
  });

  it('end when Redis has no room, and none begins', async () => {
    const memberships = new RedisMemberships(redis.commands, redis.freshKey());
    const add = (group: string) => memberships.add({ userId: '7', group, expiresAtMs: undefined });
    await add('g');

    await redis.whileFull(async () => {
      await expect(add('other')).rejects.toMatchObject({ code: 'PUSH_ERR_UNAVAILABLE' });
      await memberships.remove('7', 'g');
    });

    expect((await memberships.ofUser('7')).held).toEqual([]);
  });

  it('leave nothing behind when they have ended and others came', async () => {
    const key = redis.freshKey();
    const memberships = new RedisMemberships(redis.commands, key);
    const endMs = (await redis.now()) + 300;
    for (let user = 0; user < 40; user++) await memberships.add({ userId: `${user}`, group: 'g', expiresAtMs: endMs });
    await eventually(async () => (await redis.now()) >= endMs);

    for (let time = 0; time < 5; time++) await memberships.add({ userId: 'a', group: 'other', expiresAtMs: undefined });

    const names = ['group:other', 'revision', 'user:a'];
    expect((await redis.commands.keys(`${key}*`)).sort()).toEqual(names.map((name) => `${key}:${name}`));
  });

  it('are not changed by what comes through after its caller had given up', async () => {
    const memberships = new RedisMemberships(redis.commands, redis.freshKey());
    await memberships.add({ userId: '7', group: 'kept', expiresAtMs: undefined });
    redis.server.freeze();
    try {
      const changes = [
        memberships.add({ userId: '7', group: 'late', expiresAtMs: undefined }),
        memberships.remove('7', 'kept'),
      ];
      for (const change of changes) await expect(change).rejects.toMatchObject({ code: 'PUSH_ERR_UNAVAILABLE' });
    } finally {
      redis.server.thaw();
    }
    await redis.reached();
    // On the same connection, so it comes after what had been stuck.
    expect((await memberships.ofUser('7')).held.map(({ group }) => group)).toEqual(['kept']);
  });

  it('are changed all the same where the clock of Redis is not known, or was set', async () => {
    const memberships = new RedisMemberships(redis.commands, redis.freshKey());
    const { now } = performance;
    try {
      for (const jumpMs of [0, 3_600_000, -7_200_000]) {
        performance.now = () => now.call(performance) + jumpMs;
        await memberships.add({ userId: '7', group: `g${jumpMs}`, expiresAtMs: undefined });
      }
    } finally {
      performance.now = now;
    }
    expect((await memberships.ofUser('7')).held).toHaveLength(3);
  });

  itRefusesWhileOutOfReach(redis, () => {
    const memberships = new RedisMemberships(redis.commands, redis.freshKey());
    return {
      add: () => memberships.add({ userId: '7', group: 'g', expiresAtMs: undefined }),
      remove: () => memberships.remove('7', 'g'),
      ofUser: () => memberships.ofUser('7'),
      ofGroup: () => memberships.ofGroup('g', undefined, 10),
    };
  });
});
