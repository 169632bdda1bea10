import { type OnApplicationShutdown, ServiceUnavailableException } from '@nestjs/common';
import { Redis } from 'ioredis';
import type { Order } from './order.js';
import { FIRST_ORDER_ID, MAX_ORDERS, OrderBook, type OrderChange, orderKeyOf } from './order-book.js';

const PREFIX = 'larkspur:{orders}';
const KNOWN = `${PREFIX}:known`;
const BOUGHT = `${PREFIX}:bought`;
const CHANGED = `${PREFIX}:changed`;
const ANSWER_TIMEOUT_MS = 1000;

/**
 * KEYS: the orders, what was bought, which changed when, the changes counted. ARGV: the order's key, the order as JSON,
 * what was bought or nothing, most orders. A change counts up rather than look at a clock, so that the order of changes is
 * that in which they came. Answers what was bought.
 */
const RECORD = `
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if ARGV[3] ~= '' then redis.call('HSET', KEYS[2], ARGV[1], ARGV[3]) end
redis.call('ZADD', KEYS[3], redis.call('INCR', KEYS[4]), ARGV[1])
local surplus = redis.call('ZRANGE', KEYS[3], 0, -1 - ARGV[4])
for _, key in ipairs(surplus) do
  redis.call('HDEL', KEYS[1], key)
  redis.call('HDEL', KEYS[2], key)
  redis.call('ZREM', KEYS[3], key)
end
return redis.call('HGET', KEYS[2], ARGV[1])`;

/** Of all nodes, in the Redis that they share anyway, where a shop would have its database. */
export class SharedOrderBook extends OrderBook implements OnApplicationShutdown {
  private readonly redis: Redis;

  constructor(url: string) {
    super();
    this.redis = new Redis(url, { commandTimeout: ANSWER_TIMEOUT_MS, maxRetriesPerRequest: 1 });
    // Every call fails then, and says so.
    this.redis.on('error', () => {});
  }

  async takeId(): Promise<number> {
    const count = await this.ask((redis) => redis.incr(`${PREFIX}:ids`));
    return FIRST_ORDER_ID - 1 + count;
  }

  async record({ item = '', ...change }: OrderChange): Promise<Order> {
    const order = { ...change, updatedAt: new Date().toISOString() };
    const key = orderKeyOf(change.userId, change.orderId);
    const keys = [KNOWN, BOUGHT, CHANGED, `${PREFIX}:changes`];
    const bought = await this.ask((redis) =>
      redis.eval(RECORD, keys.length, ...keys, key, JSON.stringify(order), item, MAX_ORDERS),
    );
    return withItem(order, bought);
  }

  async recent(limit: number, userId?: string): Promise<Order[]> {
    const keys = await this.ask((redis) => redis.zrevrange(CHANGED, 0, -1));
    const isOurs = (key: string): boolean => userId === undefined || (JSON.parse(key) as [string])[0] === userId;
    const found = keys.filter(isOurs).slice(0, limit);
    if (found.length === 0) return [];
    const [texts, bought] = await this.ask((redis) =>
      Promise.all([redis.hmget(KNOWN, ...found), redis.hmget(BOUGHT, ...found)]),
    );
    return texts.flatMap((text, index) => (text === null ? [] : [withItem(JSON.parse(text) as Order, bought[index])]));
  }

  onApplicationShutdown(): void {
    this.redis.disconnect();
  }

  private async ask<Answer>(question: (redis: Redis) => Promise<Answer>): Promise<Answer> {
    try {
      return await question(this.redis);
    } catch (cause) {
      throw new ServiceUnavailableException('the orders cannot be reached', { cause });
    }
  }
}

function withItem(order: Order, item: unknown): Order {
  return typeof item === 'string' ? { ...order, item } : order;
}
