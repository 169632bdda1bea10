import type { HeldMembership } from '../backing/memberships.interface.js';

/**
 * The memberships that the server holds for the user of a handshake under way. They are read while it is checked and
 * follow every change until its connection is registered, so that none falls in between.
 */
export class HeldGroups {
  private readonly byGroup = new Map<string, HeldMembership | undefined>();

  constructor(
    readonly userId: string,
    private readonly expected: ExpectedUsers,
  ) {}

  /** What is known at this moment, for a connection that is there at once. */
  static of(userId: string, memberships: readonly HeldMembership[]): HeldGroups {
    const held = new HeldGroups(userId, new ExpectedUsers());
    held.load(memberships);
    return held;
  }

  /** All that last at this moment. */
  at(nowMs: number): HeldMembership[] {
    return [...this.byGroup.values()].flatMap((held) => (held && lastsAt(held, nowMs) ? [held] : []));
  }

  /** Takes what was read. Changes that came during the read stand: it may be older than they are. */
  load(memberships: readonly HeldMembership[]): void {
    for (const membership of memberships) {
      if (!this.byGroup.has(membership.group)) this.byGroup.set(membership.group, membership);
    }
  }

  /** Takes what was read anew in place of all that was there; nothing changed meanwhile. */
  replace(memberships: readonly HeldMembership[]): void {
    this.byGroup.clear();
    this.load(memberships);
  }

  /** One membership is there now, or has ended where `membership` is undefined. */
  change(group: string, membership: HeldMembership | undefined): void {
    this.byGroup.set(group, membership);
  }

  /** The handshake is over, whatever became of it: changes are not followed any more. */
  release(): void {
    this.expected.close(this);
  }
}

/** The handshakes under way whose user is known, by user. */
export class ExpectedUsers {
  private readonly byUser = new Map<string, Set<HeldGroups>>();

  open(userId: string): HeldGroups {
    const held = new HeldGroups(userId, this);
    const known = this.byUser.get(userId);
    if (known) known.add(held);
    else this.byUser.set(userId, new Set([held]));
    return held;
  }

  of(userId: string): Iterable<HeldGroups> {
    return this.byUser.get(userId) ?? [];
  }

  has(userId: string): boolean {
    return this.byUser.has(userId);
  }

  close(held: HeldGroups): void {
    const others = this.byUser.get(held.userId);
    if (others?.delete(held) && others.size === 0) this.byUser.delete(held.userId);
  }
}

function lastsAt({ expiresAtMs }: HeldMembership, nowMs: number): boolean {
  return expiresAtMs === undefined || expiresAtMs > nowMs;
}
