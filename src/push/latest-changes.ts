/** Most memberships per user of which the latest change is known; beyond that the first ones are forgotten. */
const MAX_GROUPS = 1_000;

/**
 * The latest change of each membership of users who are here. Two nodes may change one at the same time, and what they say
 * of it come in another order than it happened in: the older one is then to have no effect.
 */
export class LatestChanges {
  private readonly byUser = new Map<string, Map<string, number>>();

  /** Whether nothing newer is known of the membership. Then the change is the latest. */
  take(userId: string, group: string, revision: number): boolean {
    if (!Number.isFinite(revision)) return true;
    const groups = this.byUser.get(userId) ?? new Map<string, number>();
    if ((groups.get(group) ?? Number.NEGATIVE_INFINITY) > revision) return false;
    this.byUser.set(userId, groups);
    groups.delete(group);
    groups.set(group, revision);
    for (const first of groups.keys()) if (groups.size > MAX_GROUPS) groups.delete(first);
    return true;
  }

  /** All memberships of the user were read as of this revision. If it is older than what is known, changes count anew. */
  wasRead(userId: string, revision: number): void {
    for (const known of this.byUser.get(userId)?.values() ?? []) if (known > revision) this.byUser.delete(userId);
  }

  /** Forgets users who are not here any more. */
  retain(isHere: (userId: string) => boolean): void {
    for (const userId of this.byUser.keys()) if (!isHere(userId)) this.byUser.delete(userId);
  }
}
