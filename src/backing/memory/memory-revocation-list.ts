import { systemClock } from '../../core/clock.js';
import type { Clock } from '../../core/clock.js';
import type { Principal } from '../../core/principal.js';
import { PushError } from '../../core/push-error.js';
import type { RevocationLimits, RevocationList, RevokedTokens } from '../revocation-list.interface.js';

interface Entry {
  /** Tokens issued at this moment or earlier have ended. */
  readonly untilMs: number;
  readonly forgottenAtMs: number;
}

/** Room comes with time, not at a known moment. */
const FULL_RETRY_AFTER_MS = 60_000;

/**
 * Revocations that live as long as the process. All are remembered equally long, so the maps are in the order in which
 * they are forgotten, and each new one clears away those that are over; there is no timer.
 */
export class MemoryRevocationList implements RevocationList {
  private readonly users = new Map<string, Entry>();
  private readonly tokens = new Map<string, Entry>();
  private issuedBeforeMs = Number.NEGATIVE_INFINITY;
  private readonly ttlMs: number;
  private readonly maxEntries: number;

  constructor(
    limits: RevocationLimits = {},
    private readonly clock: Pick<Clock, 'now'> = systemClock,
  ) {
    this.ttlMs = (limits.ttlSeconds ?? 2_592_000) * 1000;
    this.maxEntries = limits.maxEntries ?? 100_000;
  }

  /** Revocations that are remembered. */
  get size(): number {
    return this.users.size + this.tokens.size;
  }

  revoke(tokens: RevokedTokens): void {
    switch (tokens.type) {
      case 'user':
        return this.remember(this.users, tokens.userId, tokens.untilMs);
      case 'token':
        return this.remember(this.tokens, tokens.tokenId, Number.POSITIVE_INFINITY);
      case 'issuedBefore':
        this.issuedBeforeMs = Math.max(this.issuedBeforeMs, tokens.beforeMs);
    }
  }

  isRevoked({ userId, tokenId, issuedAtMs = Number.NEGATIVE_INFINITY }: Principal): boolean {
    if (issuedAtMs < this.issuedBeforeMs) return true;
    if (this.users.size > 0 && this.isAmong(this.users, userId, issuedAtMs)) return true;
    return tokenId !== undefined && this.tokens.size > 0 && this.isAmong(this.tokens, tokenId, issuedAtMs);
  }

  private isAmong(entries: ReadonlyMap<string, Entry>, name: string, issuedAtMs: number): boolean {
    const entry = entries.get(name);
    return entry !== undefined && issuedAtMs <= entry.untilMs && entry.forgottenAtMs > this.clock.now();
  }

  private remember(entries: Map<string, Entry>, name: string, untilMs: number): void {
    const nowMs = this.clock.now();
    forgetOver(this.users, nowMs);
    forgetOver(this.tokens, nowMs);
    const known = entries.get(name);
    if (!known && this.size >= this.maxEntries) {
      throw new PushError('PUSH_ERR_UNAVAILABLE', 'too many revocations are remembered', {
        retryAfterMs: FULL_RETRY_AFTER_MS,
      });
    }
    // Taken out first, so that it goes to the end: the order is that of being forgotten.
    entries.delete(name);
    entries.set(name, { untilMs: Math.max(untilMs, known?.untilMs ?? untilMs), forgottenAtMs: nowMs + this.ttlMs });
  }
}

function forgetOver(entries: Map<string, Entry>, nowMs: number): void {
  for (const [name, { forgottenAtMs }] of entries) {
    if (forgottenAtMs > nowMs) return;
    entries.delete(name);
  }
}
