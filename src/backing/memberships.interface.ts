import type { NowOrLater } from '../core/now-or-later.js';

/** A membership as the server holds it. */
export interface HeldMembership {
  readonly userId: string;
  readonly group: string;
  /** Milliseconds since the Unix epoch; undefined where it has no end. */
  readonly expiresAtMs: number | undefined;
}

/**
 * The memberships that the server holds. They belong to users and outlive their connections. What has ended is not
 * answered any more. Every method rejects with a PushError `PUSH_ERR_UNAVAILABLE` where they cannot be reached.
 */
export interface Memberships {
  /** Adds the membership, or gives an existing one its new end. */
  add(membership: HeldMembership): Promise<void>;
  /** Ends the membership; nothing happens when there is none. */
  remove(userId: string, group: string): Promise<void>;
  /** The memberships of a user at this moment; no promise where they are in this process. */
  ofUser(userId: string): NowOrLater<readonly HeldMembership[]>;
  /** Members of a group at this moment in the order of their ids, those after `afterUserId` only, at most `limit`. */
  ofGroup(group: string, afterUserId: string | undefined, limit: number): Promise<readonly HeldMembership[]>;
}
