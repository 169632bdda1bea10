import type { HeldMembership, Memberships } from '../memberships.interface.js';

/** Memberships that live as long as the process, by user and by group. */
export class MemoryMemberships implements Memberships {
  private readonly byUser = new Map<string, Map<string, HeldMembership>>();
  private readonly byGroup = new Map<string, Map<string, HeldMembership>>();
  private readonly ending = new Set<HeldMembership>();

  add(membership: HeldMembership): void {
    this.remove(membership.userId, membership.group);
    memberOf(this.byUser, membership.userId).set(membership.group, membership);
    memberOf(this.byGroup, membership.group).set(membership.userId, membership);
    if (membership.expiresAtMs !== undefined) this.ending.add(membership);
  }

  remove(userId: string, group: string): void {
    const membership = this.byUser.get(userId)?.get(group);
    if (!membership) return;
    removeFrom(this.byUser, userId, group);
    removeFrom(this.byGroup, group, userId);
    this.ending.delete(membership);
  }

  groupsOf(userId: string, nowMs: number): readonly string[] {
    const memberships = this.byUser.get(userId);
    if (!memberships) return [];
    return [...memberships.values()].filter((membership) => lastsAt(membership, nowMs)).map(({ group }) => group);
  }

  membersOf(group: string, nowMs: number, afterUserId: string | undefined, limit: number): readonly HeldMembership[] {
    return [...(this.byGroup.get(group)?.values() ?? [])]
      .filter((membership) => lastsAt(membership, nowMs))
      .filter(({ userId }) => afterUserId === undefined || userId > afterUserId)
      .sort((one, other) => (one.userId < other.userId ? -1 : 1))
      .slice(0, limit);
  }

  takeExpired(nowMs: number): readonly HeldMembership[] {
    const expired = [...this.ending].filter((membership) => !lastsAt(membership, nowMs));
    for (const { userId, group } of expired) this.remove(userId, group);
    return expired;
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

function lastsAt({ expiresAtMs }: HeldMembership, nowMs: number): boolean {
  return expiresAtMs === undefined || expiresAtMs > nowMs;
}
