import type { NowOrLater } from '../core/now-or-later.js';
import type { Cursor } from '../protocol/cursor.js';

/** A membership as the server holds it. */
export interface HeldMembership {
  readonly userId: string;
  readonly group: string;
  /** Milliseconds since the Unix epoch; undefined where it has no end. */
  readonly expiresAtMs: number | undefined;
  /** The place in the log from which on messages for the group are for the user; absent where nobody has said. */
  readonly since?: Cursor | undefined;
}

/** The memberships of a user as they are at one moment. */
export interface UserMemberships {
  readonly held: readonly HeldMembership[];
  /** A change of a higher revision is not in here, any other is. */
  readonly revision: number;
}

/** What has become of a membership that was added. */
export interface AddedMembership {
  readonly revision: number;
  /** Where it begins: there already, it goes on to begin where it began. */
  readonly since: Cursor | undefined;
}

/**
 * The memberships that the server holds. They belong to users and outlive their connections. What has ended is not
 * answered any more. Each change has a revision, higher than that of the change before. Every method rejects with a
 * PushError `PUSH_ERR_UNAVAILABLE` where they cannot be reached.
 */
export interface Memberships {
  /** Adds the membership, or gives an existing one its new end. */
  add(membership: HeldMembership): Promise<AddedMembership>;
  /** Ends the membership; nothing happens when there is none. Resolves to the revision of the change. */
  remove(userId: string, group: string): Promise<number>;
  /** The memberships of a user at this moment; no promise where they are in this process. */
  ofUser(userId: string): NowOrLater<UserMemberships>;
  /** Members of a group at this moment in the order of their ids, those after `afterUserId` only, at most `limit`. */
  ofGroup(group: string, afterUserId: string | undefined, limit: number): Promise<readonly HeldMembership[]>;
}
