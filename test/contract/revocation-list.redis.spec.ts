import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RedisRevocationList } from '../../src/backing/redis/redis-revocation-list.js';
import { systemClock } from '../../src/core/clock.js';
import type { Clock } from '../../src/core/clock.js';
import type { Principal } from '../../src/core/principal.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { eventually } from '../support/eventually.js';
import { itRefusesWhileOutOfReach } from '../support/out-of-reach.js';
import { redisAbsence } from '../support/redis-server.js';
import { useTestRedis } from '../support/test-redis.js';
import { describeRevocationList } from './revocation-list.suite.js';

const absence = redisAbsence();

(absence ? describe.skip : describe)(`Redis${absence}`, () => {
  const redis = useTestRedis();
  const principal: Principal = { userId: '7', groups: [], scopes: [], expiresAtMs: 1_800_000_000_000, tokenId: 'a' };
  const opened: RedisRevocationList[] = [];
  const open = (key: string, clock: Clock, limits = {}): RedisRevocationList => {
    const list = new RedisRevocationList(redis.commands, key, clock, limits);
    opened.push(list);
    return list;
  };

  afterEach(() => {
    for (const list of opened.splice(0)) list.close();
  });

  describeRevocationList('RedisRevocationList', (limits) => {
    const clock = new ManualClock();
    return {
      list: open(redis.freshKey(), clock, limits),
      get nowMs() {
        return clock.now();
      },
      advance: async (milliseconds) => {
        await redis.passTime(milliseconds);
        clock.advance(milliseconds);
      },
      close: () => undefined,
    };
  });

  describe('of several nodes', () => {
    let key: string;
    let one: RedisRevocationList;
    let other: RedisRevocationList;
    let heard: jest.Mock<() => void>;

    beforeEach(() => {
      key = redis.freshKey();
      // Clocks that stand still, so that nothing is read but when a test says so.
      one = open(key, new ManualClock());
      other = open(key, new ManualClock());
      heard = jest.fn();
      other.onRevoked(heard);
    });

    it('holds on a node that has read it, which tells of it once', async () => {
      await one.revoke({ type: 'token', tokenId: 'a' });
      expect(other.isRevoked(principal)).toBe(false);

      await other.catchUp();
      await other.catchUp();

      expect(other.isRevoked(principal)).toBe(true);
      expect(heard).toHaveBeenCalledTimes(1);
    });

    it('takes revocations when Redis has no room', async () => {
      await redis.whileFull(() => one.revoke({ type: 'token', tokenId: 'a' }));
      await other.catchUp();
      expect(other.isRevoked(principal)).toBe(true);
    });

    it('is read by one read and one more, however many ask for it at a time', async () => {
      const evalsha = jest.spyOn(redis.commands, 'evalsha');
      const reads = Array.from({ length: 100 }, () => other.catchUp());
      await one.revoke({ type: 'token', tokenId: 'a' });
      reads.push(...Array.from({ length: 100 }, () => other.catchUp()));
      await Promise.all(reads);
      expect(other.isRevoked(principal)).toBe(true);
      expect(evalsha.mock.calls.length).toBeLessThan(10);
      evalsha.mockRestore();
    });

    it('is read of each kind, with names that hold what parts them', async () => {
      const { issuedAtMs, ...who } = { ...principal, issuedAtMs: 1_000 };
      await one.revoke({ type: 'user', userId: 'token:a', untilMs: issuedAtMs });
      await one.revoke({ type: 'token', tokenId: 'user:7' });
      await one.revoke({ type: 'issuedBefore', beforeMs: 500 });
      await other.catchUp();

      const verdicts = [
        { ...who, userId: 'token:a', issuedAtMs },
        { ...who, userId: 'token:a', issuedAtMs: issuedAtMs + 1 },
        { ...who, tokenId: 'user:7', issuedAtMs: issuedAtMs + 1 },
        { ...who, issuedAtMs: 499 },
        { ...who, issuedAtMs: 500 },
      ].map((asked) => other.isRevoked(asked));
      expect(verdicts).toEqual([true, false, true, true, false]);
    });

    it('does not tell a node of what it has revoked itself', async () => {
      await other.catchUp();
      await other.revoke({ type: 'token', tokenId: 'a' });
      await other.catchUp();
      expect(heard).not.toHaveBeenCalled();
    });

    it('misses nothing of another node that came between its own', async () => {
      await other.revoke({ type: 'token', tokenId: 'x' });
      await one.revoke({ type: 'token', tokenId: 'a' });
      await other.revoke({ type: 'token', tokenId: 'y' });
      await other.catchUp();
      expect(other.isRevoked(principal)).toBe(true);
    });

    it('is read in full by a node that starts later, however many there are', async () => {
      const tokenIds = Array.from({ length: 2_500 }, (_, index) => `t${index}`);
      // So many at once that Redis, on a busy machine, answers each within the time of a command.
      for (let from = 0; from < tokenIds.length; from += 100) {
        const some = tokenIds.slice(from, from + 100);
        await Promise.all(some.map((tokenId) => one.revoke({ type: 'token', tokenId })));
      }
      const late = open(key, new ManualClock());

      await late.catchUp();

      expect(tokenIds.filter((tokenId) => !late.isRevoked({ ...principal, tokenId }))).toEqual([]);
    });

    it('is forgotten by every node when its time is over', async () => {
      const clock = new ManualClock();
      const brief = open(key, new ManualClock(), { ttlSeconds: 10 });
      await brief.revoke({ type: 'token', tokenId: 'a' });
      await redis.passTime(4_000);
      const late = open(key, clock);
      await late.catchUp();
      expect(late.isRevoked(principal)).toBe(true);
      clock.advance(6_000);
      expect(late.isRevoked(principal)).toBe(false);
    });

    it('outlives the data of Redis on the nodes that know it, which read what comes after', async () => {
      for (const tokenId of ['a', 'b', 'c']) await one.revoke({ type: 'token', tokenId });
      await other.catchUp();
      await redis.commands.flushall();

      await one.revoke({ type: 'token', tokenId: 'd' });
      await other.catchUp();

      const revoked = ['a', 'b', 'c', 'd', 'e'].map((tokenId) => other.isRevoked({ ...principal, tokenId }));
      expect(revoked).toEqual([true, true, true, true, false]);
    });

    it('comes to a node by itself', async () => {
      const follower = open(key, systemClock);
      await one.revoke({ type: 'token', tokenId: 'a' });
      await eventually(() => follower.isRevoked(principal));
    });
  });

  itRefusesWhileOutOfReach(redis, () => {
    const list = open(redis.freshKey(), new ManualClock());
    return {
      revoke: () => list.revoke({ type: 'token', tokenId: 'a' }),
      catchUp: () => list.catchUp(),
    };
  });
});
