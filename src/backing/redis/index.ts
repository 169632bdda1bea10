/** The entry `nestjs-push/redis`: the only one that loads the driver. */
import type { BackingFactory } from '../backing.interface.js';
import { RedisBacking } from './redis-backing.js';
import { checkRedisOptions } from './redis-options-check.js';
import type { RedisBackingOptions } from './redis-options.js';

export type {
  ClusterBackingOptions,
  RedisAddress,
  RedisBackingOptions,
  RedisTls,
  SentinelBackingOptions,
} from './redis-options.js';

/**
 * Keeps everything in Redis, so that any number of nodes are one: a send on any of them reaches the connections of all.
 * Needs `ioredis`. Wrong options are told with those of the module, when it starts.
 */
export function redis(options: RedisBackingOptions): BackingFactory {
  return {
    name: 'Redis',
    check: () => checkRedisOptions(options),
    create: (context) => new RedisBacking(options, context),
  };
}
