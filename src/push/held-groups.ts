import type { HeldMembership } from '../backing/memberships.interface.js';

const NO_MEMBERSHIPS: readonly HeldMembership[] = [];

/**
 * The memberships that the server holds for the user of a handshake under way. They are read while it is checked and
 * follow every change until its connection is registered, so that none falls in between.
 */
export class HeldGroups {
  /** The handshakes before and after this one, for {@link ExpectedUsers} alone. */
  next: HeldGroups | undefined;
  previous: HeldGroups | undefined;
  /** When they began to be read, by `performance.now()`. */
  readonly readAtMs = performance.now();
  /** Made when there is a first: most users are held nowhere. */
  private byGroup: Map<string, HeldMembership | undefined> | undefined;

  constructor(
    readonly userId: string,
    private readonly expected?: ExpectedUsers,
  ) {}

  /** What is known at this moment, for a connection that is there at once. */
  static of(userId: string, memberships: readonly HeldMembership[]): HeldGroups {
    const held = new HeldGroups(userId);
    held.load(memberships);
    return held;
  }

  /** All that last at this moment. */
  at(nowMs: number): readonly HeldMembership[] {
    if (!this.byGroup) return NO_MEMBERSHIPS;
    return [...this.byGroup.values()].flatMap((held) => (held && lastsAt(held, nowMs) ? [held] : []));
  }

  /** Takes what was read. Changes that came during the read stand: it may be older than they are. */
  load(memberships: readonly HeldMembership[]): void {
    for (const membership of memberships) {
      if (!this.byGroup?.has(membership.group)) this.change(membership.group, membership);
    }
  }

  /** Takes what was read anew in place of all that was there; nothing changed meanwhile. */
  replace(memberships: readonly HeldMembership[]): void {
    this.byGroup = undefined;
    this.load(memberships);
  }

  /** One membership is there now, or has ended where `membership` is undefined. */
  change(group: string, membership: HeldMembership | undefined): void {
    this.byGroup ??= new Map();
    this.byGroup.set(group, membership);
  }

  /** The handshake is over, whatever became of it: changes are not followed any more. */
  release(): void {
    this.expected?.close(this);
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
