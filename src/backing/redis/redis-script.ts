import { createHash } from 'node:crypto';
import type { RedisCommands } from './redis-connections.js';

/** A Lua script, sent by its hash, and as a whole where the server does not have it. */
export class RedisScript {
  private readonly hash: string;

  constructor(private readonly source: string) {
    this.hash = createHash('sha1').update(source).digest('hex');
  }

  /** Runs it on one key, of which it derives all others. Rejects with what the driver or the script says. */
  run(redis: RedisCommands, key: string, args: readonly (string | number)[]): Promise<unknown> {
    return redis.evalsha(this.hash, 1, key, ...args).catch((cause: unknown) => {
      // Nothing has run: the server was started anew, or had its scripts flushed.
      if (String(cause).includes('NOSCRIPT')) return redis.eval(this.source, 1, key, ...args);
      throw cause;
    });
  }
}
