import { PushError } from '../../core/push-error.js';
import type { BackingFactory } from '../backing.interface.js';

/** How to reach Redis. */
export interface RedisBackingOptions {
  /** Such as `redis://localhost:6379`. */
  readonly url: string;
}

/**
 * The entry under which the Redis backing will be. This version has the memory backing alone, so a module with this one
 * does not start: it throws a PushError `PUSH_ERR_UNAVAILABLE` rather than run on one node in silence.
 */
export function redis(_options: RedisBackingOptions): BackingFactory {
  return {
    name: 'redis',
    create: () => {
      throw new PushError('PUSH_ERR_UNAVAILABLE', 'this version has no Redis backing: leave the backing option out');
    },
  };
}
