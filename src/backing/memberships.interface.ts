/** A membership as the server holds it. */
export interface HeldMembership {
  readonly userId: string;
  readonly group: string;
  /** Milliseconds since the Unix epoch; undefined where it has no end. */
  readonly expiresAtMs: number | undefined;
}

/** The memberships that the server holds. They belong to users and outlive their connections. */
export interface Memberships {
  /** Adds the membership, or gives an existing one its new end. */
  add(membership: HeldMembership): void;
  /** Ends the membership; nothing happens when there is none. */
  remove(userId: string, group: string): void;
  /** The groups of a user at this moment. */
  groupsOf(userId: string, nowMs: number): readonly string[];
  /** Members of a group at this moment in the order of their ids, those after `afterUserId` only, at most `limit`. */
  membersOf(group: string, nowMs: number, afterUserId: string | undefined, limit: number): readonly HeldMembership[];
  /** Forgets the memberships that have ended by now and answers them. */
  takeExpired(nowMs: number): readonly HeldMembership[];
}
