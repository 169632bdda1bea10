import type { Principal } from '../core/principal.js';
import type { RevokedTokens } from './revocation-list.interface.js';

interface Entry {
  /** Tokens issued at this moment or earlier have ended. */
  readonly untilMs: number;
  readonly forgottenAtMs: number;
}

/**
 * The revocations that this process knows of, for a list to answer from at once. They are told in about the order in
 * which they are forgotten, so those that are over are at the front, and each new one clears them away; there is no
 * timer.
 */
export class RevocationRecords {
  private readonly users = new Map<string, Entry>();
  private readonly tokens = new Map<string, Entry>();
  private issuedBeforeMs = Number.NEGATIVE_INFINITY;

  /** Revocations of users and of single tokens that are remembered. */
  get size(): number {
    return this.users.size + this.tokens.size;
  }

  /** Whether such a revocation takes no more room. */
  includes(tokens: RevokedTokens): boolean {
    if (tokens.type === 'user') return this.users.has(tokens.userId);
    return tokens.type === 'token' ? this.tokens.has(tokens.tokenId) : true;
  }

  /** Remembers until this moment. Tokens issued before a moment are remembered for good. */
  add(tokens: RevokedTokens, forgottenAtMs: number): void {
    switch (tokens.type) {
      case 'user':
        return remember(this.users, tokens.userId, tokens.untilMs, forgottenAtMs);
      case 'token':
        return remember(this.tokens, tokens.tokenId, Number.POSITIVE_INFINITY, forgottenAtMs);
      case 'issuedBefore':
        this.issuedBeforeMs = Math.max(this.issuedBeforeMs, tokens.beforeMs);
    }
  }

  /** Drops what is over. */
  forgetOver(nowMs: number): void {
    forgetOver(this.users, nowMs);
    forgetOver(this.tokens, nowMs);
  }

  /** Whether the principal's token has ended; see RevocationList. */
  isRevoked({ userId, tokenId, issuedAtMs = Number.NEGATIVE_INFINITY }: Principal, nowMs: number): boolean {
    if (issuedAtMs < this.issuedBeforeMs) return true;
    if (this.users.size > 0 && isAmong(this.users, userId, issuedAtMs, nowMs)) return true;
    return tokenId !== undefined && this.tokens.size > 0 && isAmong(this.tokens, tokenId, issuedAtMs, nowMs);
  }
}

function isAmong(entries: ReadonlyMap<string, Entry>, name: string, issuedAtMs: number, nowMs: number): boolean {
  const entry = entries.get(name);
  return entry !== undefined && issuedAtMs <= entry.untilMs && entry.forgottenAtMs > nowMs;
}

function remember(entries: Map<string, Entry>, name: string, untilMs: number, forgottenAtMs: number): void {
  const known = entries.get(name);
  // Taken out first, so that it goes to the end: the order is that of being forgotten.
  entries.delete(name);
  entries.set(name, { untilMs: Math.max(untilMs, known?.untilMs ?? untilMs), forgottenAtMs });
}

function forgetOver(entries: Map<string, Entry>, nowMs: number): void {
  for (const [name, { forgottenAtMs }] of entries) {
    if (forgottenAtMs > nowMs) return;
    entries.delete(name);
  }
}
