import type { MembershipChange, RecipientLog } from './history.js';

interface Interval {
  readonly from: number;
  to: number;
}

interface Intervals {
  readonly sure: Interval[];
  readonly possible: Interval[];
}

/** Who was in which group when, as far as it can be known from outside. */
export class MembershipTimeline {
  private readonly bySource = new Map<string, Intervals>();

  constructor(changes: readonly MembershipChange[]) {
    for (const change of [...changes].sort((a, b) => a.startedAt - b.startedAt)) this.add(change);
  }

  /** Whether the recipient was in the group at every instant from `from` to `to`, wherever the changes took effect. */
  isSure(recipient: RecipientLog, group: string, from: number, to: number): boolean {
    return this.intervalsOf(recipient, group).some(({ sure }) =>
      sure.some((interval) => interval.from < from && to < interval.to),
    );
  }

  /** Whether the recipient may have been in the group at any instant from `from` to `to`. */
  isPossible(recipient: RecipientLog, group: string, from: number, to: number): boolean {
    return this.intervalsOf(recipient, group).some(({ possible }) =>
      possible.some((interval) => interval.from <= to && from <= interval.to),
    );
  }

  private add(change: MembershipChange): void {
    const source = sourceOf(change);
    const { sure, possible } = this.bySource.get(source) ?? { sure: [], possible: [] };
    this.bySource.set(source, { sure, possible });
    const isMember = (possible.at(-1)?.to ?? 0) === Infinity;
    if (change.type === 'join' && !isMember) {
      sure.push({ from: change.finishedAt, to: Infinity });
      possible.push({ from: change.startedAt, to: Infinity });
    }
    if (change.type === 'leave' && isMember) {
      const [lastSure, lastPossible] = [sure.at(-1), possible.at(-1)];
      if (lastSure) lastSure.to = change.startedAt;
      if (lastPossible) lastPossible.to = change.finishedAt;
    }
  }

  private intervalsOf({ name, userId }: RecipientLog, group: string): Intervals[] {
    const sources = [sourceOf({ recipient: name, group }), sourceOf({ user: userId, group })];
    return sources.flatMap((source) => this.bySource.get(source) ?? []);
  }
}

function sourceOf({ recipient, user, group }: Pick<MembershipChange, 'recipient' | 'user' | 'group'>): string {
  return JSON.stringify([recipient ?? null, user ?? null, group]);
}
