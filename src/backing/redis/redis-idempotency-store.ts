/**
 * Idempotency keys in Redis, of which each is a hash that ends by itself: the fingerprint, and the claim while the
 * request is carried out or its answer after that. Each call is one script, so nothing comes between its parts.
 *
 * A second key says that somebody is at it. When it has ended and there is no answer, nobody knows what became of the
 * request: its node is gone, or Redis did not answer in time. The next who asks carries it out again under the same
 * claim, and the log takes no message of it that it has taken before.
 *
 * How much is kept is bounded by the memory that Redis was given: a key for which it has none is answered `full`.
 */
import { createHash, randomBytes } from 'node:crypto';
import type {
  IdempotencyLimits,
  IdempotencyStore,
  IdempotencyVerdict,
  IdempotentRequest,
} from '../idempotency-store.interface.js';
import type { RedisCommands } from './redis-connections.js';
import { isRefusal, unavailable } from './redis-failures.js';
import { RedisScript } from './redis-script.js';

const BEGIN = new RedisScript(`
local fingerprint, claim, busyMs, ttlMs = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local known = redis.call('HMGET', KEYS[1], 'fingerprint', 'answer', 'claim')
if not known[1] then
  redis.call('HSET', KEYS[1], 'fingerprint', fingerprint, 'claim', claim)
  redis.call('PEXPIRE', KEYS[1], ttlMs)
  redis.call('SET', KEYS[1] .. ':busy', '', 'PX', busyMs)
  return {'new'}
end
if known[1] ~= fingerprint then return {'mismatch'} end
if known[2] then return {'replay', known[2]} end
if redis.call('EXISTS', KEYS[1] .. ':busy') == 1 then return {'inProgress'} end
redis.call('SET', KEYS[1] .. ':busy', '', 'PX', busyMs)
return {'resume', known[3]}
`);

const COMPLETE = new RedisScript(`
if redis.call('HGET', KEYS[1], 'claim') ~= ARGV[1] then return end
redis.call('HSET', KEYS[1], 'answer', ARGV[2])
redis.call('HDEL', KEYS[1], 'claim')
redis.call('PEXPIRE', KEYS[1], ARGV[3])
`);

const ABANDON = new RedisScript(`
if redis.call('HGET', KEYS[1], 'claim') == ARGV[1] then redis.call('DEL', KEYS[1], KEYS[1] .. ':busy') end
`);

/** Somebody is at it: longer than any send takes. One that waits for a report may be repeated meanwhile, to no harm. */
const BUSY_MS = 5_000;
const IN_PROGRESS_RETRY_AFTER_MS = 1_000;
/** Room comes with time, or with more memory, not at a known moment. */
const FULL_RETRY_AFTER_MS = 30_000;

/** Idempotency keys that all nodes share. */
export class RedisIdempotencyStore implements IdempotencyStore {
  private readonly ttlMs: number;

  /** @param prefix Before the names of all keys. They need not lie together: each is its own hash tag. */
  constructor(
    private readonly commands: RedisCommands,
    private readonly prefix: string,
    { ttlSeconds = 86_400 }: IdempotencyLimits = {},
  ) {
    this.ttlMs = ttlSeconds * 1000;
  }

  async begin(request: IdempotentRequest): Promise<IdempotencyVerdict> {
    const claim = randomBytes(12).toString('base64url');
    try {
      const args = [request.fingerprint, claim, BUSY_MS, this.ttlMs];
      const [type, answer = ''] = (await BEGIN.run(this.commands, this.keyOf(request), args)) as string[];
      if (type === 'new') return { type, claim };
      if (type === 'resume') return { type, claim: answer };
      if (type === 'replay') return { type, answer };
      if (type === 'mismatch') return { type };
      return { type: 'inProgress', retryAfterMs: IN_PROGRESS_RETRY_AFTER_MS };
    } catch (cause) {
      if (isOutOfMemory(cause)) return { type: 'full', retryAfterMs: FULL_RETRY_AFTER_MS };
      // The claim may be there all the same, and nobody would end it. On the same line this comes after it.
      if (!isRefusal(cause)) void this.abandon(request, claim).catch(() => {});
      throw unavailable(cause);
    }
  }

  async complete(request: IdempotentRequest, claim: string, answer: string): Promise<void> {
    await this.run(COMPLETE, request, [claim, answer, this.ttlMs]);
  }

  async abandon(request: IdempotentRequest, claim: string): Promise<void> {
    await this.run(ABANDON, request, [claim]);
  }

  private async run(
    script: RedisScript,
    request: IdempotentRequest,
    args: readonly (string | number)[],
  ): Promise<void> {
    try {
      await script.run(this.commands, this.keyOf(request), args);
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  /** The scope's length keeps `a` + `bc` and `ab` + `c` apart, whatever characters they hold. */
  private keyOf({ scope, key }: IdempotentRequest): string {
    const name = createHash('sha256').update(`${scope.length}:${scope}${key}`).digest('base64url');
    return `${this.prefix}:{${name}}`;
  }
}

function isOutOfMemory(cause: unknown): boolean {
  return isRefusal(cause) && String(cause).includes('OOM ');
}
