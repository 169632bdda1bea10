/**
 * Memberships, from all their sources, and their effect on live connections: what the server holds outlives a
 * connection and takes effect at once on those that are open.
 *
 * Memberships are read in a handshake, before the connection is there. A change between the two reaches the connection
 * by way of the {@link HeldGroups} that it is admitted with.
 */
import type { HeldMembership, Memberships, UserMemberships } from '../backing/memberships.interface.js';
import type { OtherNodes } from '../backing/node-link.interface.js';
import type { MessageLog } from '../backing/message-log.interface.js';
import type { Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import { MembershipSource } from '../core/connection-registry.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import { isLater } from '../core/now-or-later.js';
import type { NowOrLater } from '../core/now-or-later.js';
import { ErrorCode } from '../protocol/error-codes.js';
import { AwaitedNotices } from './awaited-notices.js';
import { ExpectedUsers } from './held-groups.js';
import type { HeldGroups } from './held-groups.js';
import { HeldMembers } from './held-members.js';
import { LatestChanges } from './latest-changes.js';
import { FOUND_BY_READING, NEWEST_WORD } from './membership-word.js';
import type { NewMembership } from './membership-word.js';
import { MembershipEnds } from './membership-ends.js';
import { MembershipReads } from './membership-reads.js';
import { MembershipRefresh } from './membership-refresh.js';
import type { ResumeService } from './resume.service.js';

/** What the groups of a connection are bounded by. */
export interface GroupOptions {
  /**
   * Most groups that a connection may be in by its own wish, those of its token and of the server counted too.
   * @default 100
   */
  readonly maxGroupsPerConnection?: number;
}

/** The memberships of all are read no more often than this: with a late sweep, and the reading, within the 6 s promised. */
const READ_ALL_EVERY_MS = 4_000;

/** What memberships take effect through. */
export interface GroupParts {
  readonly memberships: Memberships;
  readonly registry: ConnectionRegistry;
  readonly clock: Clock;
  readonly log: Pick<MessageLog, 'joiningPlace' | 'isInOneOrder'>;
  readonly nodes?: Pick<OtherNodes, 'whenCaughtUp'>;
  readonly resumes: Pick<ResumeService, 'joined' | 'left' | 'recovered'>;
  readonly options: Required<GroupOptions>;
}

/** Joins and leaves, by token, server and client. */
export class GroupService {
  private readonly reads: MembershipReads;
  private readonly registry: ConnectionRegistry;
  private readonly members: HeldMembers;
  private readonly expected = new ExpectedUsers();
  private readonly ends = new MembershipEnds();
  private readonly refresh: MembershipRefresh;
  private readonly notices = new AwaitedNotices();
  private readonly changes = new LatestChanges();
  /** Catch-ups under way: what is read takes effect at once. */
  private catchUps = 0;
  /** Something was changed elsewhere that nobody here understood. */
  private isDoubtful = false;
  private readAllAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly parts: GroupParts) {
    this.reads = new MembershipReads(parts.memberships);
    this.registry = parts.registry;
    this.members = new HeldMembers(parts.registry, parts.resumes, parts.clock);
    this.refresh = new MembershipRefresh({
      read: (userId) => this.readKept(userId),
      take: (userId, memberships) => this.takeHeld(userId, memberships),
      isHere: (userId) => this.isHere(userId),
      clock: parts.clock,
    });
  }

  /** Whether the last read of memberships had no answer: the next one would be waited for in vain. */
  get isSilent(): boolean {
    return this.reads.isSilent;
  }

  /**
   * Reads what the server holds for a user who is about to be connected, and keeps it up to date until it is released.
   * Rejects like the memberships themselves.
   */
  expect(userId: string): NowOrLater<HeldGroups> {
    const held = this.expected.open(userId);
    const read = this.reads.ofUser(userId);
    if (isLater(read)) return this.loadLater(held, read);
    held.load(read);
    return held;
  }

  /**
   * Puts a new connection into the groups of its token and those that the server holds for its user. Where those could
   * not be read, it comes into them as soon as they can be.
   */
  admit(connection: Connection, held: HeldGroups | undefined): void {
    const { userId, principal } = connection;
    for (const group of principal.groups) this.registry.join(connection, group, MembershipSource.Token);
    connection.membershipsRevision = held?.revision ?? Number.POSITIVE_INFINITY;
    if (!held) return this.readAgain(userId);
    const memberships = held.at(this.parts.clock.now());
    // With others here the ends are known, those too that the next sweep has to deal with.
    if (this.registry.ofUser(userId).length === 1) this.ends.replace(userId, memberships);
    for (const membership of memberships) {
      this.ends.set(membership);
      this.registry.join(connection, membership.group, MembershipSource.Server);
    }
  }

  /** Makes the groups of the connection's token those of its new one. */
  renew(connection: Connection): void {
    const { groups } = connection.principal;
    for (const group of this.registry.groupsOf(connection, MembershipSource.Token)) {
      if (!groups.includes(group)) this.registry.leave(connection, group, MembershipSource.Token);
    }
    for (const group of groups) this.registry.join(connection, group, MembershipSource.Token);
  }

  /** Whether the connection is a member by its token or by the server, and so needs no permission. */
  isGranted(connection: Connection, group: string): boolean {
    return this.registry.isMember(connection, group, MembershipSource.Token | MembershipSource.Server);
  }

  /** The connection joins by its own wish, which has been authorised. Answers the code of a refusal. */
  join(connection: Connection, group: string): typeof ErrorCode.LimitGroups | undefined {
    const isNew = !this.registry.isMember(connection, group);
    if (isNew && this.registry.groupCountOf(connection) >= this.parts.options.maxGroupsPerConnection)
      return ErrorCode.LimitGroups;
    this.registry.join(connection, group, MembershipSource.Join);
    return undefined;
  }

  /** The connection takes back its own wish; a membership by token or server goes on. */
  leave(connection: Connection, group: string): void {
    this.registry.leave(connection, group, MembershipSource.Join);
  }

  /**
   * The server holds the membership from now on, for all connections of the user, present and future. `joined`: resolves when
   * what is sent to the group finds those that are here, where they have to wait for it.
   */
  async hold(userId: string, group: string, expiresAtMs?: number): Promise<NewMembership> {
    // Before it is there: whoever reads it knows at once where it begins.
    const place = this.parts.log.joiningPlace(group);
    const begun = place instanceof Promise ? await place : place;
    const { revision, since = begun } = await this.parts.memberships.add({ userId, group, expiresAtMs, since: begun });
    this.refresh.changed(userId);
    const isLatest = this.changes.take(userId, group, revision);
    if (!isLatest) this.readAgain(userId);
    return { since, revision, joined: isLatest ? this.joinHeld({ userId, group, expiresAtMs, since }) : undefined };
  }

  /**
   * The server lets go: the user's connections leave, also those that had joined by themselves. Resolves to the revision
   * of the change.
   */
  async release(userId: string, group: string): Promise<number> {
    const revision = await this.parts.memberships.remove(userId, group);
    this.refresh.changed(userId);
    if (this.changes.take(userId, group, revision)) this.letGo(userId, group);
    return revision;
  }

  /** Another node has added the membership: it has its effect here too. Resolves when it has, as `joined` of {@link hold}. */
  async heldElsewhere(membership: HeldMembership, word = NEWEST_WORD): Promise<void> {
    this.refresh.changed(membership.userId);
    if (!this.isHere(membership.userId)) return;
    const { userId, group } = membership;
    const joined = this.changes.take(userId, group, word.revision) ? this.joinHeld(membership, word) : undefined;
    this.readAgain(userId);
    await joined;
  }

  /** Another node has ended the membership: it has its effect here too. */
  releasedElsewhere(userId: string, group: string, word = NEWEST_WORD): void {
    this.refresh.changed(userId);
    if (!this.isHere(userId)) return;
    if (this.changes.take(userId, group, word.revision)) this.letGo(userId, group, word);
    this.readAgain(userId);
  }

  /**
   * Memberships were out of reach, or what other nodes say of them: reads those of everyone who is connected. Resolves
   * when that is done, so it may wait until they are in reach again. To be called before messages go on.
   */
  async catchUp(): Promise<void> {
    for (const { userId } of this.registry.all()) this.refresh.add(userId);
    this.catchUps++;
    await this.refresh.settled();
    this.catchUps--;
  }

  /** Memberships may have been changed by a node that this one does not understand: they are read with a sweep to come. */
  doubt(): void {
    this.isDoubtful = true;
  }

  /**
   * Takes connections out of the groups whose membership has ended by now, and reads what could not be read before.
   * Meant to be called regularly.
   */
  sweep(nowMs: number): void {
    this.endThoseOver(nowMs);
    this.changes.retain((userId) => this.isHere(userId));
    for (const userId of this.notices.overdue(nowMs, (id) => this.isHere(id))) this.refresh.add(userId);
    this.refresh.run();
    if (!this.isDoubtful || nowMs - this.readAllAtMs < READ_ALL_EVERY_MS) return;
    this.isDoubtful = false;
    this.readAllAtMs = nowMs;
    void this.catchUp();
  }

  private endThoseOver(nowMs: number): void {
    for (const { userId, group } of this.ends.take(nowMs, (id) => this.registry.ofUser(id).length > 0))
      this.members.end(userId, group);
  }

  /** What others have said of memberships is heard first, so that what is read has the last word. */
  private async readKept(userId: string): Promise<UserMemberships> {
    await this.parts.nodes?.whenCaughtUp?.();
    const memberships = await this.reads.ofUser(userId);
    return this.parts.nodes?.whenCaughtUp?.() ? this.readKept(userId) : memberships;
  }

  private async loadLater(held: HeldGroups, read: PromiseLike<UserMemberships>): Promise<HeldGroups> {
    try {
      held.load(await read);
      return held;
    } catch (cause) {
      held.release();
      throw cause;
    }
  }

  private joinHeld(membership: HeldMembership, word = NEWEST_WORD): Promise<void> | undefined {
    const { userId, group } = membership;
    this.ends.set(membership);
    for (const held of this.expected.of(userId)) held.change(group, membership, word.revision);
    // What was read shows it already, but has not had its effect.
    const revision = this.notices.came(userId, group) ? Number.POSITIVE_INFINITY : word.revision;
    return this.members.join(this.members.newsOf(userId, revision), membership, word);
  }

  private letGo(userId: string, group: string, word = NEWEST_WORD): void {
    const connections = this.members.newsOf(userId, word.revision);
    this.ends.delete(userId, group);
    // One that is older than what was read is not the end of what was found there.
    if (connections.length > 0) this.notices.came(userId, group);
    for (const held of this.expected.of(userId)) held.change(group, undefined, word.revision);
    this.members.letGo(connections, group);
  }

  /** What others say may come in another order than it happened in: what is kept has the last word. */
  private readAgain(userId: string): void {
    this.refresh.add(userId);
    this.refresh.run();
  }

  /** Makes what was read that of all connections of the user. What is gone without having ended was let go. */
  private takeHeld(userId: string, read: UserMemberships): void {
    this.endThoseOver(this.parts.clock.now());
    for (const expected of this.expected.of(userId)) expected.load(read);
    this.ends.replace(userId, read.held);
    this.changes.wasRead(userId, read.revision);
    const connections = this.registry.ofUser(userId);
    const groups = new Set(read.held.map(({ group }) => group));
    const known = connections.flatMap((connection) => this.registry.groupsOf(connection, MembershipSource.Server));
    for (const gone of known.filter((group) => !groups.has(group))) this.members.letGo(connections, gone);
    this.notices.retain(userId, groups);
    const isAwaited = connections.some(({ areGroupsUnknown }) => areGroupsUnknown);
    for (const connection of connections) connection.membershipsRevision = read.revision;
    const isAtOnce = isAwaited || this.catchUps > 0;
    for (const membership of read.held) {
      const { group } = membership;
      if (!isAtOnce && !known.includes(group) && this.isToBeAnnounced(userId, group)) continue;
      // In one order what comes before the word of a membership is not due by it, and nothing due has been passed yet.
      const found = this.parts.log.isInOneOrder ? { ...membership, since: undefined } : membership;
      void this.members.join(connections, found, FOUND_BY_READING);
    }
    if (isAwaited) this.parts.resumes.recovered();
  }

  /**
   * Whether another node may be about to say that it has added the membership. Its word has a place among the messages:
   * put in before, a connection would be brought what was sent meanwhile, after messages that it has had.
   */
  private isToBeAnnounced(userId: string, group: string): boolean {
    return this.isHere(userId) && this.notices.isAwaited(userId, group, this.parts.clock.now());
  }

  private isHere(userId: string): boolean {
    return this.registry.ofUser(userId).length > 0 || this.expected.has(userId);
  }
}
