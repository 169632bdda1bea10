import type { Principal } from '../core/principal.js';

/**
 * Which tokens end, of one tenant, undefined for the default one: all of a user issued until a moment, one by its id, or
 * all issued before a moment.
 */
export type RevokedTokens = { readonly tenant?: string | undefined } & TokenChoice;

type TokenChoice =
  | { readonly type: 'user'; readonly userId: string; readonly untilMs: number }
  | { readonly type: 'token'; readonly tokenId: string }
  | { readonly type: 'issuedBefore'; readonly beforeMs: number };

/** What a revocation list is bounded by. */
export interface RevocationLimits {
  /**
   * How long a revocation is remembered: at least as long as the longest-lived token of the issuer, since a token that
   * is still valid when its revocation is forgotten works again.
   * @default 2_592_000
   */
  readonly ttlSeconds?: number;
  /**
   * Most revocations that are remembered at a time; past it a revocation is refused (503), because forgetting an older
   * one would let its tokens in again.
   * @default 100_000
   */
  readonly maxEntries?: number;
}

/** Tokens that ended before their time. Asked on every handshake and request, so it answers at once. */
export interface RevocationList {
  /**
   * Ends the tokens on every node: on this one when it resolves, on another when that one has caught up, which it does by
   * itself within a second, or when it can reach the list again. Rejects with a PushError `PUSH_ERR_UNAVAILABLE` where
   * there is no room for another revocation, or where it cannot be said to the others.
   */
  revoke(tokens: RevokedTokens): Promise<void>;
  /**
   * Whether the principal's token has ended. A token that does not say when it was issued counts as issued before any
   * moment.
   */
  isRevoked(principal: Principal): boolean;
  /**
   * Resolves when this node knows what was revoked anywhere until the call, and {@link onRevoked} has been told. However
   * many call at a time, it is read once. Rejects with `PUSH_ERR_UNAVAILABLE` where the list is out of reach.
   */
  catchUp(): Promise<void>;
  /** Names who hears that tokens have ended which this node did not revoke itself. Called once. */
  onRevoked(listener: () => void): void;
}
