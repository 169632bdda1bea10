/**
 * Memberships, from all their sources, and their effect on live connections: what the server holds outlives a
 * connection and takes effect at once on those that are open.
 *
 * Memberships are read in a handshake, before the connection is there. A change between the two reaches the connection
 * by way of the {@link HeldGroups} that it is admitted with.
 */
import type { HeldMembership, Memberships } from '../backing/memberships.interface.js';
import type { OtherNodes } from '../backing/node-link.interface.js';
import type { MessageLog } from '../backing/message-log.interface.js';
import type { Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import { MembershipSource } from '../core/connection-registry.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import { isLater } from '../core/now-or-later.js';
import type { NowOrLater } from '../core/now-or-later.js';
import type { Cursor } from '../protocol/cursor.js';
import { ErrorCode } from '../protocol/error-codes.js';
import { AwaitedNotices } from './awaited-notices.js';
import { ExpectedUsers } from './held-groups.js';
import type { HeldGroups } from './held-groups.js';
import { NEWEST_WORD, isNews } from './membership-word.js';
import type { MembershipWord } from './membership-word.js';
import { MembershipEnds } from './membership-ends.js';
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
  readonly log: Pick<MessageLog, 'joiningPlace'>;
  readonly nodes?: Pick<OtherNodes, 'whenCaughtUp'>;
  readonly resumes: Pick<ResumeService, 'joined' | 'left' | 'recovered'>;
  readonly options: Required<GroupOptions>;
}

/** Joins and leaves, by token, server and client. */
export class GroupService {
  private readonly memberships: Memberships;
  private readonly registry: ConnectionRegistry;
  private readonly clock: Clock;
  private readonly resumes: GroupParts['resumes'];
  private readonly expected = new ExpectedUsers();
  private readonly ends = new MembershipEnds();
  private readonly refresh: MembershipRefresh;
  private readonly notices = new AwaitedNotices();
  /** Catch-ups under way: what is read takes effect at once. */
  private catchUps = 0;
  /** Something was changed elsewhere that nobody here understood. */
  private isDoubtful = false;
  private readAllAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly parts: GroupParts) {
    this.memberships = parts.memberships;
    this.registry = parts.registry;
    this.clock = parts.clock;
    this.resumes = parts.resumes;
    this.refresh = new MembershipRefresh({
      read: (userId) => this.readKept(userId),
      take: (userId, memberships, readAtMs) => this.takeHeld(userId, memberships, readAtMs),
      isHere: (userId) => this.isHere(userId),
    });
  }

  /**
   * Reads what the server holds for a user who is about to be connected, and keeps it up to date until it is released.
   * Rejects like the memberships themselves.
   */
  expect(userId: string): NowOrLater<HeldGroups> {
    const held = this.expected.open(userId);
    const read = this.memberships.ofUser(userId);
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
    connection.membershipsReadAtMs = held?.readAtMs ?? Number.POSITIVE_INFINITY;
    if (!held) {
      this.readAgain(userId);
      return;
    }
    const memberships = held.at(this.clock.now());
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
   * The server holds the membership from now on, for all connections of the user, present and future. Resolves to the
   * place from which on messages for the group are for them.
   */
  async hold(userId: string, group: string, expiresAtMs: number | undefined): Promise<Cursor> {
    const membership = { userId, group, expiresAtMs };
    await this.memberships.add(membership);
    const place = this.parts.log.joiningPlace(group);
    const since = place instanceof Promise ? await place : place;
    this.joinHeld(membership, since);
    return since;
  }

  /** The server lets go: the user's connections leave, also those that had joined by themselves. */
  async release(userId: string, group: string): Promise<void> {
    await this.memberships.remove(userId, group);
    this.refresh.changed(userId);
    this.letGo(userId, group);
  }

  /** Another node has added the membership, which begins at this place: it has its effect here too. */
  heldElsewhere(membership: HeldMembership, since: Cursor | undefined, word = NEWEST_WORD): void {
    if (!this.isHere(membership.userId)) return;
    this.joinHeld(membership, since, word);
    this.readAgain(membership.userId);
  }

  /** Another node has ended the membership: it has its effect here too. */
  releasedElsewhere(userId: string, group: string, word = NEWEST_WORD): void {
    if (!this.isHere(userId)) return;
    this.refresh.changed(userId);
    this.letGo(userId, group, word);
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

  /** Whether the memberships of the connection are yet to be read. */
  isUnread(connection: Connection): boolean {
    return connection.membershipsReadAtMs === Number.POSITIVE_INFINITY;
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
    const ended = this.ends.take(nowMs, (userId) => this.registry.ofUser(userId).length > 0);
    for (const { userId, group } of ended) {
      for (const connection of this.registry.ofUser(userId)) {
        this.registry.leave(connection, group, MembershipSource.Server);
      }
    }
    for (const userId of this.notices.overdue(nowMs)) this.refresh.add(userId);
    this.refresh.run();
    if (!this.isDoubtful || nowMs - this.readAllAtMs < READ_ALL_EVERY_MS) return;
    this.isDoubtful = false;
    this.readAllAtMs = nowMs;
    void this.catchUp();
  }

  /** What others have said of memberships is heard first: it says where they begin. */
  private async readKept(userId: string): Promise<readonly HeldMembership[]> {
    await this.parts.nodes?.whenCaughtUp?.();
    const memberships = await this.memberships.ofUser(userId);
    return this.parts.nodes?.whenCaughtUp?.() ? this.readKept(userId) : memberships;
  }

  private async loadLater(held: HeldGroups, read: PromiseLike<readonly HeldMembership[]>): Promise<HeldGroups> {
    try {
      held.load(await read);
      return held;
    } catch (cause) {
      held.release();
      throw cause;
    }
  }

  private joinHeld(membership: HeldMembership, since: Cursor | undefined, word = NEWEST_WORD): void {
    const { userId, group } = membership;
    this.refresh.changed(userId);
    this.notices.came(userId, group);
    this.ends.set(membership);
    for (const held of this.expected.of(userId)) if (isNews(word, held.readAtMs)) held.change(group, membership);
    for (const connection of this.newsOf(userId, word)) this.putInto(connection, group, since, word);
  }

  /** From now on the connection is due what comes for the group, and what came for it since that place. */
  private putInto(connection: Connection, group: string, since?: Cursor, { isOvertaken } = NEWEST_WORD): void {
    const isNew = !this.registry.isMember(connection, group);
    this.registry.join(connection, group, MembershipSource.Server);
    if (isNew) this.resumes.joined(connection, group, since, isOvertaken);
  }

  private letGo(userId: string, group: string, word = NEWEST_WORD): void {
    this.ends.delete(userId, group);
    this.notices.came(userId, group);
    for (const held of this.expected.of(userId)) if (isNews(word, held.readAtMs)) held.change(group, undefined);
    for (const connection of this.newsOf(userId, word)) {
      if (this.registry.isMember(connection, group)) this.resumes.left(connection, group, word.isOvertaken);
      this.registry.leave(connection, group, MembershipSource.Server);
      this.registry.leave(connection, group, MembershipSource.Join);
    }
  }

  /** Connections of the user for which the word is newer than what was read. */
  private newsOf(userId: string, word: MembershipWord): readonly Connection[] {
    const isMeant = (connection: Connection) => isNews(word, connection.membershipsReadAtMs);
    return this.registry.ofUser(userId).filter(isMeant);
  }

  /** What others say may come in another order than it happened in: what is kept has the last word. */
  private readAgain(userId: string): void {
    this.refresh.add(userId);
    this.refresh.run();
  }

  /** Makes what was read that of all connections of the user. What is gone without having ended was let go. */
  private takeHeld(userId: string, memberships: readonly HeldMembership[], readAtMs: number): void {
    this.sweep(this.clock.now());
    for (const held of this.expected.of(userId)) held.replace(memberships);
    const groups = new Set(memberships.map(({ group }) => group));
    const known = this.registry.ofUser(userId).flatMap((one) => this.registry.groupsOf(one, MembershipSource.Server));
    for (const group of known) if (!groups.has(group)) this.letGo(userId, group);
    this.ends.replace(userId, memberships);
    const connections = this.registry.ofUser(userId);
    const isAwaited = connections.some((connection) => this.isUnread(connection));
    for (const connection of connections) connection.membershipsReadAtMs = readAtMs;
    const isAtOnce = isAwaited || this.catchUps > 0;
    for (const group of groups) {
      if (!isAtOnce && !known.includes(group) && this.isToBeAnnounced(userId, group)) continue;
      for (const connection of [...connections]) this.putInto(connection, group);
    }
    if (isAwaited) this.resumes.recovered();
  }

  /**
   * Whether another node may be about to say that it has added the membership. Only that says where it begins, without
   * which messages that were sent since would be missed.
   */
  private isToBeAnnounced(userId: string, group: string): boolean {
    return this.isHere(userId) && this.notices.isAwaited(userId, group, this.clock.now());
  }

  private isHere(userId: string): boolean {
    return this.registry.ofUser(userId).length > 0 || this.expected.has(userId);
  }
}
