import { describe, expect, it } from '@jest/globals';
import { RedisTicketStore } from '../../src/backing/redis/redis-ticket-store.js';
import { FrameSeal } from '../../src/backing/redis/sealed-frame.js';
import type { TicketLimits } from '../../src/backing/ticket-store.interface.js';
import type { Principal } from '../../src/core/principal.js';
import { itRefusesWhileOutOfReach } from '../support/out-of-reach.js';
import { redisAbsence } from '../support/redis-server.js';
import { useTestRedis } from '../support/test-redis.js';
import { describeTicketStore } from './ticket-store.suite.js';

const absence = redisAbsence();

(absence ? describe.skip : describe)(`Redis${absence}`, () => {
  const redis = useTestRedis();
  const principal: Principal = { userId: '7', groups: [], scopes: [], expiresAtMs: 1_800_000_000_000 };

  const storeAt = (key: string, limits?: TicketLimits, secret = 'the secret of all nodes') => {
    const seal = new FrameSeal(secret);
    return new RedisTicketStore(redis.commands, key, () => Promise.resolve(seal), limits);
  };

  describeTicketStore('RedisTicketStore', (limits) => ({
    store: storeAt(redis.freshKey(), limits),
    advance: (milliseconds) => redis.passTime(milliseconds),
    close: () => undefined,
  }));

  it('gives a ticket of one node to one of all nodes', async () => {
    const key = redis.freshKey();
    const nodes = Array.from({ length: 20 }, () => storeAt(key));
    const ticket = await storeAt(key).issue(principal);
    const answers = await Promise.all(nodes.map((node) => node.redeem(ticket)));
    expect(answers.filter(Boolean)).toEqual([principal]);
  });

  it('keeps no ticket in a form that could be redeemed', async () => {
    const key = redis.freshKey();
    const ticket = await storeAt(key).issue(principal);
    const kept = await redis.commands.keys(`${key}*`);
    expect(kept).toHaveLength(1);
    expect(kept.filter((name) => name.includes(ticket))).toEqual([]);
  });

  it.each([
    ['what a node without the secret has put there', 'another secret'],
    ['anything else', undefined],
  ])('takes nobody for a ticket that no node has issued: %s', async (_what, secret) => {
    const key = redis.freshKey();
    const ticket = await storeAt(key, {}, secret).issue(principal);
    const [name = ''] = await redis.commands.keys(`${key}*`);
    const forgeries = [JSON.stringify(principal), '[]', '{', '', '4'.repeat(100)];
    for (const forgery of secret === undefined ? forgeries : [await redis.commands.get(name)]) {
      await redis.commands.set(name, forgery ?? '');
      expect([await storeAt(key).peek(ticket), await storeAt(key).redeem(ticket)]).toEqual([undefined, undefined]);
    }
  });

  it('takes nobody for a ticket that stands under the name of another', async () => {
    const key = redis.freshKey();
    const store = storeAt(key);
    const ticket = await store.issue(principal);
    const [name = ''] = await redis.commands.keys(`${key}*`);
    const kept = await redis.commands.get(name);
    const other = await store.issue({ ...principal, userId: '8' });
    for (const otherName of await redis.commands.keys(`${key}*`)) await redis.commands.set(otherName, kept ?? '');
    expect([await store.redeem(other), await store.redeem(ticket)]).toEqual([undefined, principal]);
  });

  itRefusesWhileOutOfReach(redis, () => {
    const store = storeAt(redis.freshKey());
    return {
      issue: () => store.issue(principal),
      redeem: () => store.redeem('a'.repeat(43)),
      peek: () => store.peek('a'.repeat(43)),
    };
  });
});
