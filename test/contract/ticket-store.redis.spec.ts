import { describe, expect, it } from '@jest/globals';
import { RedisTicketStore } from '../../src/backing/redis/redis-ticket-store.js';
import type { Principal } from '../../src/core/principal.js';
import { itRefusesWhileOutOfReach } from '../support/out-of-reach.js';
import { redisAbsence } from '../support/redis-server.js';
import { useTestRedis } from '../support/test-redis.js';
import { describeTicketStore } from './ticket-store.suite.js';

const absence = redisAbsence();

(absence ? describe.skip : describe)(`Redis${absence}`, () => {
  const redis = useTestRedis();
  const principal: Principal = { userId: '7', groups: [], scopes: [], expiresAtMs: 1_800_000_000_000 };

  describeTicketStore('RedisTicketStore', (limits) => ({
    store: new RedisTicketStore(redis.commands, redis.freshKey(), limits),
    advance: (milliseconds) => redis.passTime(milliseconds),
    close: () => undefined,
  }));

  it('gives a ticket of one node to one of all nodes', async () => {
    const key = redis.freshKey();
    const nodes = Array.from({ length: 20 }, () => new RedisTicketStore(redis.commands, key));
    const ticket = await new RedisTicketStore(redis.commands, key).issue(principal);
    const answers = await Promise.all(nodes.map((node) => node.redeem(ticket)));
    expect(answers.filter(Boolean)).toEqual([principal]);
  });

  it('keeps no ticket in a form that could be redeemed', async () => {
    const key = redis.freshKey();
    const ticket = await new RedisTicketStore(redis.commands, key).issue(principal);
    const kept = await redis.commands.keys(`${key}*`);
    expect(kept).toHaveLength(1);
    expect(kept.filter((name) => name.includes(ticket))).toEqual([]);
  });

  itRefusesWhileOutOfReach(redis, () => {
    const store = new RedisTicketStore(redis.commands, redis.freshKey());
    return {
      issue: () => store.issue(principal),
      redeem: () => store.redeem('a'.repeat(43)),
      peek: () => store.peek('a'.repeat(43)),
    };
  });
});
