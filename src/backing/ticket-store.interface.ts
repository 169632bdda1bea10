import type { Principal } from '../core/principal.js';

/** What a store of tickets is bounded by. */
export interface TicketLimits {
  /**
   * How long a ticket can be redeemed.
   * @default 30
   */
  readonly ttlSeconds?: number;
  /**
   * Most tickets that wait to be redeemed at a time; past it new ones are refused (503).
   * @default 100_000
   */
  readonly maxTickets?: number;
}

/**
 * Tickets: short-lived texts that stand for a principal once, for clients that can set no header. Whether the
 * principal's token has ended or was revoked meanwhile is for the caller to judge.
 * Every call rejects with a PushError `PUSH_ERR_UNAVAILABLE` when the store cannot be reached.
 */
export interface TicketStore {
  /**
   * Answers a ticket that nobody can guess. Rejects with a PushError `PUSH_ERR_UNAVAILABLE` that says when to come back
   * where there is no room for another.
   */
  issue(principal: Principal): Promise<string>;
  /** The principal of a ticket that is still good, which then is no longer; undefined for any other text. */
  redeem(ticket: string): Promise<Principal | undefined>;
  /** The principal of a ticket that is still good, and remains so; undefined for any other text. */
  peek(ticket: string): Promise<Principal | undefined>;
}
