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
  /** By tenant and name. */
  private readonly users = new Map<string, Entry>();
  private readonly tokens = new Map<string, Entry>();
  /** Named tenants of which all tokens have ended that were issued until a moment. */
  private readonly tenants = new Map<string, Entry>();
  private issuedBeforeMs = Number.NEGATIVE_INFINITY;

  /** Revocations that are remembered and take room. */
  get size(): number {
    return this.users.size + this.tokens.size + this.tenants.size;
  }

  /** Whether such a revocation takes no more room. */
  includes(tokens: RevokedTokens): boolean {
    const { type, tenant } = tokens;
    if (type === 'user') return this.users.has(nameOf(tenant, tokens.userId));
    if (type === 'token') return this.tokens.has(nameOf(tenant, tokens.tokenId));
    return tenant === undefined || this.tenants.has(tenant);
  }

  /** Remembers until this moment. Tokens of the default tenant issued before a moment are remembered for good. */
  add(tokens: RevokedTokens, forgottenAtMs: number): void {
    const { type, tenant } = tokens;
    switch (type) {
      case 'user':
        return remember(this.users, nameOf(tenant, tokens.userId), tokens.untilMs, forgottenAtMs);
      case 'token':
        return remember(this.tokens, nameOf(tenant, tokens.tokenId), Number.POSITIVE_INFINITY, forgottenAtMs);
      case 'issuedBefore':
        if (tenant === undefined) this.issuedBeforeMs = Math.max(this.issuedBeforeMs, tokens.beforeMs);
        else remember(this.tenants, tenant, lastBefore(tokens.beforeMs), forgottenAtMs);
    }
  }

  /** Drops what is over. */
  forgetOver(nowMs: number): void {
    forgetOver(this.users, nowMs);
    forgetOver(this.tokens, nowMs);
    forgetOver(this.tenants, nowMs);
  }

  /** Whether the principal's token has ended; see RevocationList. */
  isRevoked({ userId, tenant, tokenId, issuedAtMs = Number.NEGATIVE_INFINITY }: Principal, nowMs: number): boolean {
    if (tenant === undefined && issuedAtMs < this.issuedBeforeMs) return true;
    if (this.size === 0) return false;
    if (tenant !== undefined && isAmong(this.tenants, tenant, issuedAtMs, nowMs)) return true;
    if (isAmong(this.users, nameOf(tenant, userId), issuedAtMs, nowMs)) return true;
    return tokenId !== undefined && isAmong(this.tokens, nameOf(tenant, tokenId), issuedAtMs, nowMs);
  }
}

/** Tells names of all tenants apart: no name of a tenant is empty or holds the character between, whatever a token id does. */
function nameOf(tenant: string | undefined, name: string): string {
  return `${tenant ?? ''}\u0000${name}`;
}

/** Moments are whole milliseconds, but what is before one may be said in parts of them. */
function lastBefore(momentMs: number): number {
  return Math.ceil(momentMs) - 1;
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
