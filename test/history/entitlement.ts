import type { TargetSome } from '../../src/core/delivery-target.js';
import type { Publication } from './history.js';
import type { MembershipTimeline } from './membership-timeline.js';
import type { Reception, RecipientView } from './recipient-view.js';

/** How far the clocks of history and server may be apart where a message's time is over, in milliseconds. */
const TTL_TOLERANCE_MS = 100;

/** Who may get a message, and who must. Between the two lies what nobody outside can know. */
export class Entitlement {
  private readonly bySlot = new Map<string, Publication[]>();

  constructor(
    private readonly memberships: MembershipTimeline,
    publications: readonly Publication[],
  ) {
    for (const publication of publications) {
      for (const slot of slotsOf(publication)) {
        const id = collapseId(publication, slot);
        if (id !== undefined) this.bySlot.set(id, [...(this.bySlot.get(id) ?? []), publication]);
      }
    }
  }

  /**
   * Why the reception is wrong; undefined where it may be right. It was either live, at its publication, or a replay,
   * judged by the rights during the session: in both cases not before either began.
   */
  objectionTo(reception: Reception, publication: Publication, view: RecipientView): string | undefined {
    const from = Math.max(publication.startedAt, reception.sessionStartedAt);
    if (!this.mayGet(publication, view, from, reception.at)) return 'not among its recipients';
    if (!reception.isResuming && publication.finishedAt < reception.sessionStartedAt) {
      return 'published before it came, and it had no cursor';
    }
    return undefined;
  }

  /** Whether the message was replayed when its time was surely over. */
  isStale({ sessionStartedAt }: Reception, { finishedAt, ttlMs }: Publication): boolean {
    return ttlMs !== undefined && finishedAt + ttlMs + TTL_TOLERANCE_MS < sessionStartedAt;
  }

  /** Whether the recipient must have had the message by `by`, when something later reached it. */
  mustGet(publication: Publication, view: RecipientView, by: number): boolean {
    const { outcome, isStored, startedAt, ttlMs, target } = publication;
    if (outcome !== 'accepted' || !isStored || startedAt <= view.placedAt) return false;
    if (ttlMs !== undefined && startedAt + ttlMs - TTL_TOLERANCE_MS < by) return false;
    const { userId } = view.log;
    const { users = [], groups = [] } = target.except ?? {};
    if (users.includes(userId)) return false;
    if (groups.some((group) => this.memberships.isPossible(view.log, group, startedAt, by))) return false;
    return slotsOf(publication).some(
      (slot) => this.isSurelyIn(slot, view, startedAt, by) && !this.isReplaced(publication, slot),
    );
  }

  private isSurelyIn({ user, group }: Slot, { log }: RecipientView, from: number, to: number): boolean {
    if (user !== undefined) return user === log.userId;
    return group === undefined || this.memberships.isSure(log, group, from, to);
  }

  private mayGet({ target }: Publication, view: RecipientView, from: number, to: number): boolean {
    const { userId } = view.log;
    const { users = [], groups = [] } = target.except ?? {};
    if (users.includes(userId)) return false;
    if (groups.some((group) => this.memberships.isSure(view.log, group, from, to))) return false;
    return target.all || this.isNamed(target, view, from, to);
  }

  private isNamed({ users, groups, connections }: TargetSome, view: RecipientView, from: number, to: number): boolean {
    if (users?.includes(view.log.userId)) return true;
    if (connections?.some((id) => view.connectionIds.has(id))) return true;
    return (groups ?? []).some((group) => this.memberships.isPossible(view.log, group, from, to));
  }

  /** Whether a later message with the same key may have taken its place in what is kept for this user or group. */
  private isReplaced(publication: Publication, slot: Slot): boolean {
    const id = collapseId(publication, slot);
    const rivals = id === undefined ? [] : (this.bySlot.get(id) ?? []);
    return rivals.some((rival) => rival !== publication && rival.finishedAt >= publication.startedAt);
  }
}

/** What a message is kept for: one user, one group, or neither, which is everyone. */
interface Slot {
  readonly user?: string;
  readonly group?: string;
}

function slotsOf({ target }: Publication): Slot[] {
  if (target.all) return [{}];
  const { users = [], groups = [] } = target;
  return [...users.map((user) => ({ user })), ...groups.map((group) => ({ group }))];
}

function collapseId({ target, collapseKey, outcome }: Publication, slot: Slot): string | undefined {
  if (collapseKey === undefined || outcome === 'refused') return undefined;
  return JSON.stringify([slot, collapseKey, target.except]);
}
