import { systemClock } from '../../core/clock.js';
import type { Clock } from '../../core/clock.js';
import type { AddedMembership, HeldMembership, Memberships, UserMemberships } from '../memberships.interface.js';

/** So many of those that end are looked at with each that is added: more than come, so that the ended ones go. */
const LOOKED_AT = 2;

/**
 * Memberships that live as long as the process, by user and by group. Those that have ended are forgotten as they are
 * come across, and some with each that is added; there is no timer.
 */
export class MemoryMemberships implements Memberships {
  private readonly byUser = new Map<string, Map<string, HeldMembership>>();
  private readonly byGroup = new Map<string, Map<string, HeldMembership>>();
  /** Those with an end, the one that was looked at last at the end. */
  private readonly ending = new Set<HeldMembership>();
  private revision = 0;

  constructor(private readonly clock: Pick<Clock, 'now'> = systemClock) {}

  /** Users of whom anything is kept, be it ended memberships that nobody came across. */
  get userCount(): number {
    return this.byUser.size;
  }

  async add({ userId, group, expiresAtMs, since: begunAt }: HeldMembership): Promise<AddedMembership> {
    this.forgetSome();
    const known = this.byUser.get(userId)?.get(group);
    const since = known && !this.isOver(known) ? known.since : begunAt;
    const membership = { userId, group, expiresAtMs, since };
    this.forget(userId, group);
    memberOf(this.byUser, userId).set(group, membership);
    memberOf(this.byGroup, group).set(userId, membership);
    if (expiresAtMs !== undefined) this.ending.add(membership);
    return { revision: ++this.revision, since };
  }

  async remove(userId: string, group: string): Promise<number> {
    this.forget(userId, group);
    return ++this.revision;
  }

  ofUser(userId: string): UserMemberships {
    return { held: this.lasting(this.byUser.get(userId)), revision: this.revision };
  }

  async ofGroup(group: string, afterUserId: string | undefined, limit: number): Promise<readonly HeldMembership[]> {
    return this.lasting(this.byGroup.get(group))
      .filter(({ userId }) => afterUserId === undefined || userId > afterUserId)
      .sort((one, other) => (one.userId < other.userId ? -1 : 1))
      .slice(0, limit);
  }

  /** Forgets all that have ended. True where any is left. */
  forgetOver(): boolean {
    for (const membership of this.ending) if (this.isOver(membership)) this.forget(membership.userId, membership.group);
    return this.byUser.size > 0;
  }

  private lasting(memberships: ReadonlyMap<string, HeldMembership> | undefined): HeldMembership[] {
    const lasting: HeldMembership[] = [];
    for (const membership of memberships?.values() ?? []) {
      if (this.isOver(membership)) this.forget(membership.userId, membership.group);
      else lasting.push(membership);
    }
    return lasting;
  }

  private isOver({ expiresAtMs }: HeldMembership): boolean {
    return expiresAtMs !== undefined && expiresAtMs <= this.clock.now();
  }

  private forgetSome(): void {
    let left = LOOKED_AT;
    for (const membership of this.ending) {
      if (left-- === 0) return;
      this.ending.delete(membership);
      if (this.isOver(membership)) this.forget(membership.userId, membership.group);
      else this.ending.add(membership);
    }
  }

  private forget(userId: string, group: string): void {
    const membership = this.byUser.get(userId)?.get(group);
    if (!membership) return;
    this.ending.delete(membership);
    removeFrom(this.byUser, userId, group);
    removeFrom(this.byGroup, group, userId);
  }
}

type Index = Map<string, Map<string, HeldMembership>>;

function memberOf(index: Index, key: string): Map<string, HeldMembership> {
  const known = index.get(key);
  if (known) return known;
  const created = new Map<string, HeldMembership>();
  index.set(key, created);
  return created;
}

function removeFrom(index: Index, key: string, member: string): void {
  const members = index.get(key);
  members?.delete(member);
  if (members?.size === 0) index.delete(key);
}
