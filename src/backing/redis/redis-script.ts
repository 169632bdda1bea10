import { createHash } from 'node:crypto';
import type { RedisCommands } from './redis-connections.js';

/** How a script is run. */
export interface RedisScriptOptions {
  /**
   * Whether it runs although Redis has no memory left (`maxmemory`). For what nodes must go on with, and what is to end for
   * somebody; it must be bounded by itself.
   * @default false
   */
  readonly runsWhenFull?: boolean;
}

/** A Lua script, sent by its hash, and as a whole where the server does not have it. */
export class RedisScript {
  private readonly hash: string;

  private readonly source: string;

  constructor(source: string, { runsWhenFull = false }: RedisScriptOptions = {}) {
    this.source = runsWhenFull ? `#!lua flags=allow-oom\n${source}` : source;
    this.hash = createHash('sha1').update(this.source).digest('hex');
  }

  /**
   * Runs it on one key, of which it derives all others. Rejects with what the driver or the script says.
   *
   * In a Cluster a second key is named, which never exists. While the slot is being moved some keys are here and some
   * there, and a script of which the named ones are not all here is refused as a whole (TRYAGAIN). One key alone would
   * be found, and the script do half of its work.
   */
  run(redis: RedisCommands, key: string, args: readonly (string | number)[]): Promise<unknown> {
    return new Promise((resolve, reject) => this.call(redis, key, args, resolve, reject));
  }

  /** As {@link run}, for what is run thousands of times a second: each promise more is felt. */
  call(
    redis: RedisCommands,
    key: string,
    args: readonly (string | number)[],
    onAnswer: (answer: unknown) => void,
    onFailure: (cause: unknown) => void,
  ): void {
    const keys = isCluster(redis) ? [key, `${key}:moving`] : [key];
    redis.evalsha(this.hash, keys.length, ...keys, ...args).then(onAnswer, (cause: unknown) => {
      if (!String(cause).includes('NOSCRIPT')) return onFailure(cause);
      // Nothing has run: the server was started anew, or had its scripts flushed.
      return redis.eval(this.source, keys.length, ...keys, ...args).then(onAnswer, onFailure);
    });
  }
}

function isCluster(redis: RedisCommands): boolean {
  return 'isCluster' in redis && redis.isCluster === true;
}
