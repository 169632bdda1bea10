import type { Clock } from '../../core/clock.js';
import type { RateBuckets, TokenVerdict } from '../shared-limits.interface.js';

interface Bucket {
  /** Below 0: what it owes. */
  tokens: number;
  updatedAtMs: number;
  tokensPerSecond: number;
}

/** Buckets looked at for each that is used: more than one, so that those that are full again go faster than they come. */
const FORGOTTEN_AT_A_TIME = 2;

/**
 * Buckets of this process. The one that was used last is at the end, and those at the front that are full again are
 * forgotten with each use, so there are about as many as subjects of the last second.
 */
export class MemoryRateBuckets implements RateBuckets {
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  /** Buckets that are held, those that are full again but not forgotten yet among them. */
  get size(): number {
    return this.buckets.size;
  }

  spend(subject: string, tokensPerSecond: number, cost: number): TokenVerdict {
    const bucket = this.bucketOf(subject, tokensPerSecond);
    const needed = Math.min(cost, tokensPerSecond);
    const isGranted = bucket.tokens >= needed;
    const retryAfterMs = isGranted ? 0 : Math.ceil(((needed - bucket.tokens) * 1000) / tokensPerSecond);
    if (isGranted) bucket.tokens -= cost;
    return { isGranted, remaining: Math.max(0, Math.floor(bucket.tokens)), retryAfterMs };
  }

  take(subject: string, tokensPerSecond: number): TokenVerdict {
    return this.spend(subject, tokensPerSecond, 1);
  }

  /** Forgets a few of those that are full again; each use does, so this is for who uses them only at times. */
  forgetFull(): void {
    const nowMs = this.clock.now();
    let looked = 0;
    for (const [subject, bucket] of this.buckets) {
      if (looked++ >= FORGOTTEN_AT_A_TIME || tokensAt(bucket, nowMs) < bucket.tokensPerSecond) return;
      this.buckets.delete(subject);
    }
  }

  /** The bucket as it is now. A clock that goes back gives nothing and takes nothing. */
  private bucketOf(subject: string, tokensPerSecond: number): Bucket {
    this.forgetFull();
    const nowMs = this.clock.now();
    const known = this.buckets.get(subject);
    const bucket = known ?? { tokens: tokensPerSecond, updatedAtMs: nowMs, tokensPerSecond };
    bucket.tokensPerSecond = tokensPerSecond;
    bucket.tokens = tokensAt(bucket, nowMs);
    bucket.updatedAtMs = nowMs;
    this.buckets.delete(subject);
    this.buckets.set(subject, bucket);
    return bucket;
  }
}

function tokensAt({ tokens, updatedAtMs, tokensPerSecond }: Bucket, nowMs: number): number {
  const gained = (Math.max(0, nowMs - updatedAtMs) * tokensPerSecond) / 1000;
  return Math.min(tokensPerSecond, tokens + gained);
}
