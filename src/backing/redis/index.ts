import { PushError } from '../../core/push-error.js';
import type { BackingFactory } from '../backing.interface.js';
import { checkRedisOptions } from './redis-options.js';
import type { RedisBackingOptions } from './redis-options.js';

export type { RedisBackingOptions } from './redis-options.js';

/**
 * Keeps everything in Redis, so that any number of nodes are one: a send on any of them reaches the connections of all.
 */
export function redis(options: RedisBackingOptions): BackingFactory {
  return {
    name: 'Redis',
    check: () => checkRedisOptions(options),
    create: () => {
      throw new PushError('PUSH_ERR_UNAVAILABLE', 'this version has no Redis backing: leave the backing option out');
    },
  };
}
