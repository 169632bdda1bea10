/** How long the word of another node may take; then what was read must do. */
const WAIT_MS = 1_000;

/** Memberships that were found by reading before the node that added them has said so. */
export class AwaitedNotices {
  /** Of each user the groups, and since when each is waited for, in milliseconds. */
  private readonly byUser = new Map<string, Map<string, number>>();

  /** Whether its notice may still come. Begins to wait with the first call. */
  isAwaited(userId: string, group: string, nowMs: number): boolean {
    const sinceMs = this.byUser.get(userId)?.get(group);
    if (sinceMs === undefined) this.begin(userId, group, nowMs);
    else if (nowMs - sinceMs >= WAIT_MS) return !this.came(userId, group);
    return true;
  }

  /** The notice has come, or need not come any more. Whether it was waited for. */
  came(userId: string, group: string): boolean {
    const groups = this.byUser.get(userId);
    if (!groups?.delete(group)) return false;
    if (groups.size === 0) this.byUser.delete(userId);
    return true;
  }

  /** The user is in these groups alone: a membership that is gone has no notice to come. */
  retain(userId: string, groups: ReadonlySet<string>): void {
    for (const group of this.byUser.get(userId)?.keys() ?? []) if (!groups.has(group)) this.came(userId, group);
  }

  /** Users who are here and for whom nobody need wait any more: their memberships are to be read again. */
  *overdue(nowMs: number, isHere: (userId: string) => boolean): Generator<string> {
    for (const [userId, groups] of this.byUser) {
      if (!isHere(userId)) this.byUser.delete(userId);
      else if (Math.min(...groups.values()) <= nowMs - WAIT_MS) yield userId;
    }
  }

  private begin(userId: string, group: string, nowMs: number): void {
    const groups = this.byUser.get(userId) ?? new Map<string, number>();
    this.byUser.set(userId, groups.set(group, nowMs));
  }
}
