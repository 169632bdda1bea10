import type { HeldMembership } from '../backing/memberships.interface.js';

/** When the held memberships of users who are connected end. Those without an end are not kept here. */
export class MembershipEnds {
  private readonly byUser = new Map<string, Map<string, number>>();

  /** Takes the memberships of a user in place of those that were known. */
  replace(userId: string, memberships: readonly HeldMembership[]): void {
    this.byUser.delete(userId);
    for (const membership of memberships) this.set(membership);
  }

  /** The last word on one membership. */
  set({ userId, group, expiresAtMs }: HeldMembership): void {
    if (expiresAtMs === undefined) {
      this.delete(userId, group);
      return;
    }
    const known = this.byUser.get(userId);
    if (known) known.set(group, expiresAtMs);
    else this.byUser.set(userId, new Map([[group, expiresAtMs]]));
  }

  /** The membership has ended otherwise. */
  delete(userId: string, group: string): void {
    const ends = this.byUser.get(userId);
    if (ends?.delete(group) && ends.size === 0) this.byUser.delete(userId);
  }

  /** Takes out what has ended by now, and those whom it does not concern any more. */
  take(nowMs: number, isConnected: (userId: string) => boolean): { readonly userId: string; readonly group: string }[] {
    const ended: { userId: string; group: string }[] = [];
    for (const [userId, ends] of this.byUser) {
      if (!isConnected(userId)) {
        this.byUser.delete(userId);
        continue;
      }
      for (const [group, endMs] of ends) if (endMs <= nowMs) ended.push({ userId, group });
    }
    for (const { userId, group } of ended) this.delete(userId, group);
    return ended;
  }
}
