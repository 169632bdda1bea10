import { describe, expect, it } from '@jest/globals';
import { RedisIdempotencyStore } from '../../src/backing/redis/redis-idempotency-store.js';
import { itRefusesWhileOutOfReach } from '../support/out-of-reach.js';
import { redisAbsence } from '../support/redis-server.js';
import { useTestRedis } from '../support/test-redis.js';
import { describeIdempotencyStore } from './idempotency-store.suite.js';

const absence = redisAbsence();

(absence ? describe.skip : describe)(`Redis${absence}`, () => {
  const redis = useTestRedis();
  const request = { scope: 's', key: 'k', fingerprint: 'f' };

  describeIdempotencyStore(
    'RedisIdempotencyStore',
    (limits) => ({
      store: new RedisIdempotencyStore(redis.commands, redis.freshKey(), limits),
      advance: (milliseconds) => redis.passTime(milliseconds),
      close: () => undefined,
    }),
    { resumesAfterMs: 5_000 },
  );

  it('gives a key to one of all nodes', async () => {
    const key = redis.freshKey();
    const nodes = Array.from({ length: 20 }, () => new RedisIdempotencyStore(redis.commands, key));
    const verdicts = await Promise.all(nodes.map((node) => node.begin(request)));
    expect(verdicts.filter(({ type }) => type === 'new')).toHaveLength(1);
  });

  it('answers full for a new key when Redis has no room, and goes on answering for known ones', async () => {
    const store = new RedisIdempotencyStore(redis.commands, redis.freshKey());
    const verdict = await store.begin(request);
    if (verdict.type === 'new') await store.complete(request, verdict.claim, '1');
    const whenFull = await redis.whileFull(() => store.begin({ ...request, key: 'another' }));
    expect(whenFull).toEqual({ type: 'full', retryAfterMs: expect.any(Number) });
    expect(await store.begin(request)).toEqual({ type: 'replay', answer: '1' });
  });

  it('leaves no claim behind of a call that ended without an answer', async () => {
    const store = new RedisIdempotencyStore(redis.commands, redis.freshKey());
    redis.server.freeze();
    try {
      await expect(store.begin(request)).rejects.toMatchObject({ code: 'PUSH_ERR_UNAVAILABLE' });
    } finally {
      redis.server.thaw();
    }
    await redis.reached();
    expect((await store.begin(request)).type).toBe('new');
  });

  itRefusesWhileOutOfReach(redis, () => {
    const store = new RedisIdempotencyStore(redis.commands, redis.freshKey());
    return {
      begin: () => store.begin(request),
      complete: () => store.complete(request, 'c', '1'),
      abandon: () => store.abandon(request, 'c'),
    };
  });
});
