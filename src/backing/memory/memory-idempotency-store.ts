import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import { systemClock } from '../../core/clock.js';
import { IDEMPOTENCY_CLAIM_MS } from '../idempotency-store.interface.js';
import type {
  IdempotencyLimits,
  IdempotencyStore,
  IdempotencyVerdict,
  IdempotentRequest,
} from '../idempotency-store.interface.js';

interface Claimed {
  readonly claim: string;
  readonly fingerprint: string;
  readonly endsAtMs: number;
}

interface Kept {
  readonly fingerprint: string;
  readonly answer: string;
  readonly endsAtMs: number;
  readonly bytes: number;
}

/** What an entry weighs beside its texts: the record, its strings' headers and its place in the map. */
const ENTRY_OVERHEAD_BYTES = 200;
/** Tells a caller when to come back to a full store: room comes with time, not at a known moment. */
const FULL_RETRY_AFTER_MS = 30_000;

/**
 * Idempotency keys that live as long as the process.
 *
 * Claims and answers are kept apart, each in the order in which they end: all claims last equally long, and so do all
 * answers. What has ended is therefore always at the front, and each `begin` clears it away; there is no timer.
 */
export class MemoryIdempotencyStore implements IdempotencyStore {
  private readonly claimed = new Map<string, Claimed>();
  private readonly kept = new Map<string, Kept>();
  private readonly ttlMs: number;
  private readonly maxKeys: number;
  private readonly maxBytes: number;
  private keptBytes = 0;
  private claimCount = 0;
  /** Claims are what messages are known by, so none may be given again, here after a start or by another store. */
  private readonly storeId = randomUUID();

  constructor(
    limits: IdempotencyLimits = {},
    private readonly clock: Pick<Clock, 'now'> = systemClock,
  ) {
    this.ttlMs = (limits.ttlSeconds ?? 86_400) * 1000;
    this.maxKeys = limits.maxKeys ?? 100_000;
    this.maxBytes = limits.maxBytes ?? 64 * 1024 * 1024;
  }

  /** Keys in use: those with an answer and those in progress. */
  get size(): number {
    return this.claimed.size + this.kept.size;
  }

  async begin(request: IdempotentRequest): Promise<IdempotencyVerdict> {
    const nowMs = this.clock.now();
    this.forgetEnded(nowMs);
    const id = identityOf(request);

    const kept = this.kept.get(id);
    if (kept) {
      return kept.fingerprint === request.fingerprint ? { type: 'replay', answer: kept.answer } : { type: 'mismatch' };
    }
    const claimed = this.claimed.get(id);
    if (claimed) {
      return claimed.fingerprint === request.fingerprint
        ? { type: 'inProgress', retryAfterMs: 1_000 }
        : { type: 'mismatch' };
    }
    if (this.size >= this.maxKeys || this.keptBytes >= this.maxBytes) {
      return { type: 'full', retryAfterMs: FULL_RETRY_AFTER_MS };
    }
    const claim = `${this.storeId}:${++this.claimCount}`;
    const { fingerprint } = request;
    this.claimed.set(id, { claim, fingerprint, endsAtMs: nowMs + IDEMPOTENCY_CLAIM_MS });
    return { type: 'new', claim };
  }

  async complete(request: IdempotentRequest, claim: string, answer: string): Promise<void> {
    if (!this.endClaim(request, claim)) return;
    const id = identityOf(request);
    const bytes = ENTRY_OVERHEAD_BYTES + id.length + answer.length;
    this.keptBytes += bytes;
    this.kept.set(id, {
      fingerprint: request.fingerprint,
      answer,
      endsAtMs: this.clock.now() + this.ttlMs,
      bytes,
    });
  }

  async abandon(request: IdempotentRequest, claim: string): Promise<void> {
    this.endClaim(request, claim);
  }

  private endClaim(request: IdempotentRequest, claim: string): boolean {
    this.forgetEnded(this.clock.now());
    const id = identityOf(request);
    return this.claimed.get(id)?.claim === claim && this.claimed.delete(id);
  }

  private forgetEnded(nowMs: number): void {
    for (const [id, { endsAtMs }] of this.claimed) {
      if (endsAtMs > nowMs) break;
      this.claimed.delete(id);
    }
    for (const [id, { endsAtMs, bytes }] of this.kept) {
      if (endsAtMs > nowMs) break;
      this.kept.delete(id);
      this.keptBytes -= bytes;
    }
  }
}

/** The scope's length keeps `a` + `bc` and `ab` + `c` apart, whatever characters they hold. */
function identityOf({ scope, key }: IdempotentRequest): string {
  return `${scope.length}:${scope}${key}`;
}
