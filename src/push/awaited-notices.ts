/** How long the word of another node may take; then what was read must do. */
const WAIT_MS = 1_000;

interface Awaited {
  readonly userId: string;
  readonly sinceMs: number;
}

/** Memberships that were found by reading before the node that added them has said so. */
export class AwaitedNotices {
  private readonly awaited = new Map<string, Awaited>();

  /** Whether its notice may still come. Begins to wait with the first call. */
  isAwaited(userId: string, group: string, nowMs: number): boolean {
    const name = nameOf(userId, group);
    const known = this.awaited.get(name);
    if (!known) this.awaited.set(name, { userId, sinceMs: nowMs });
    else if (nowMs - known.sinceMs >= WAIT_MS) this.awaited.delete(name);
    return this.awaited.has(name);
  }

  /** The notice has come, or the membership has ended. Whether it was waited for. */
  came(userId: string, group: string): boolean {
    return this.awaited.delete(nameOf(userId, group));
  }

  /** Users for whom nobody need wait any more: their memberships are to be read again. */
  *overdue(nowMs: number): Generator<string> {
    for (const { userId, sinceMs } of this.awaited.values()) if (nowMs - sinceMs >= WAIT_MS) yield userId;
  }
}

/** A group has no space in it. */
function nameOf(userId: string, group: string): string {
  return `${group} ${userId}`;
}
