import type { HeldMembership, UserMemberships } from '../backing/memberships.interface.js';

const NO_MEMBERSHIPS: readonly HeldMembership[] = [];

/** A membership as of a revision; undefined where it has ended. */
interface KnownMembership {
  readonly membership: HeldMembership | undefined;
  readonly revision: number;
}

/**
 * The memberships that the server holds for the user of a handshake under way. They are read while it is checked and
 * follow every change until its connection is registered, so that none falls in between.
 */
export class HeldGroups {
  /** The handshakes before and after this one, for {@link ExpectedUsers} alone. */
  next: HeldGroups | undefined;
  previous: HeldGroups | undefined;
  /** Made when there is a first: most users are held nowhere. */
  private byGroup: Map<string, KnownMembership> | undefined;
  /** Of what was read. */
  private readRevision = Number.NEGATIVE_INFINITY;

  constructor(
    readonly userId: string,
    private readonly expected?: ExpectedUsers,
  ) {}

  /** What is known at this moment, for a connection that is there at once. */
  static of(userId: string, memberships: UserMemberships): HeldGroups {
    const held = new HeldGroups(userId);
    held.load(memberships);
    return held;
  }

  /** Of what was read: changes of a higher one are not in it. */
  get revision(): number {
    return this.readRevision;
  }

  /** All that last at this moment. */
  at(nowMs: number): readonly HeldMembership[] {
    if (!this.byGroup) return NO_MEMBERSHIPS;
    return [...this.byGroup.values()].flatMap(({ membership }) =>
      membership && lastsAt(membership, nowMs) ? [membership] : [],
    );
  }

  /** Takes what was read in place of all that was there, but for changes that came meanwhile and are not in it. */
  load({ held, revision }: UserMemberships): void {
    const before = this.byGroup;
    this.byGroup = undefined;
    this.readRevision = revision;
    for (const membership of held) this.set(membership.group, { membership, revision });
    for (const [group, known] of before ?? []) if (known.revision > revision) this.set(group, known);
  }

  /** One membership is there now, or has ended where `membership` is undefined. What was read may show that already. */
  change(group: string, membership: HeldMembership | undefined, revision: number): void {
    if (revision > this.readRevision) this.set(group, { membership, revision });
  }

  /** The handshake is over, whatever became of it: changes are not followed any more. */
  release(): void {
    this.expected?.close(this);
  }

  private set(group: string, known: KnownMembership): void {
    this.byGroup ??= new Map();
    this.byGroup.set(group, known);
  }
}

/**
 * The handshakes under way whose user is known. They are a chain, not a table by user: mostly one is there at a time, and
 * their number is limited.
 */
export class ExpectedUsers {
  private first: HeldGroups | undefined;

  open(userId: string): HeldGroups {
    const held = new HeldGroups(userId, this);
    held.next = this.first;
    if (this.first) this.first.previous = held;
    this.first = held;
    return held;
  }

  *of(userId: string): Generator<HeldGroups> {
    for (let held = this.first; held; held = held.next) if (held.userId === userId) yield held;
  }

  has(userId: string): boolean {
    return this.of(userId).next().done !== true;
  }

  close(held: HeldGroups): void {
    const { previous, next } = held;
    if (next) next.previous = previous;
    if (previous) previous.next = next;
    else if (this.first === held) this.first = next;
    held.next = held.previous = undefined;
  }
}

function lastsAt({ expiresAtMs }: HeldMembership, nowMs: number): boolean {
  return expiresAtMs === undefined || expiresAtMs > nowMs;
}
