/**
 * Brings a connection that comes back up to date: what its principal missed after the place that it hands in, in order,
 * then the messages that came meanwhile, then live. Nothing is missing where the two meet and nothing comes twice,
 * because live messages are held from before the first read and those that a read has seen are dropped.
 *
 * The log is read page by page, each as the transport takes the one before; also what comes meanwhile and is too much to
 * be held. What may be seen is decided by who the principal is at each page: its own messages, broadcasts, its groups.
 *
 * Invariant: a connection is live only while this node hears all that is for it. One for whom the node is about to listen,
 * or cannot, is held and reads on from where it stands when that has changed: whoever comes back, whoever was connected
 * when the log was interrupted, and whoever the server puts into a group that nobody here was in.
 */
import type { Audience, AudienceFilter, GroupJoin, LogPage, MessageLog } from '../backing/message-log.interface.js';
import type { Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import type { OnFailure } from '../core/failure-report.js';
import type { FlushScheduler } from '../core/flush-scheduler.js';
import { PushError } from '../core/push-error.js';
import { PushCounters } from '../core/push-counters.js';
import { CloseCode } from '../protocol/close-codes.js';
import { encodeCursor } from '../protocol/cursor.js';
import type { Cursor } from '../protocol/cursor.js';
import { encodeGap } from '../protocol/frame-encoder.js';
import type { Hearing } from './hearing.js';
import type { Lateness } from './membership-word.js';
import { PendingJoins, furthest, isWithin } from './pending-joins.js';
import { audienceOf, concernedBy, readForPresent } from './present-audience.js';
import { ReadingPlaces } from './reading-places.js';
import { ReplayedMessages } from './replayed-messages.js';

/** Messages of one page; a page also has at most half of what a queue may hold. */
const PAGE_MESSAGES = 256;

/** What a replay works with. */
export interface ResumeParts {
  readonly log: MessageLog;
  readonly hearing: Hearing;
  readonly registry: ConnectionRegistry;
  readonly scheduler: FlushScheduler;
  readonly clock: Clock;
  /** Hears of reads that failed. */
  readonly onFailure: OnFailure;
  readonly counters?: PushCounters | undefined;
}

/** How the welcome of a connection that came with a cursor begins. */
export interface Opening {
  /** The place before any replay. */
  readonly cursor: string;
  /** Whether nothing is missing since the cursor that the client came with. */
  readonly resumed: boolean;
}

/** A read that failed although the log is followed is tried again after up to so long. */
const RETRY_MS = 1_000;

/** Replays. */
export class ResumeService {
  private readonly replayed: ReplayedMessages;
  /** How far those have got who are not live. */
  readonly places = new ReadingPlaces();
  private readonly joins = new PendingJoins();
  /** Grows with each break. What was read before one says nothing of what was missed in it. */
  private breaks = 0;
  private readonly counters: PushCounters;
  /** Messages so far of replays under way. */
  private readonly sizes = new WeakMap<Connection, number>();

  constructor(private readonly parts: ResumeParts) {
    this.counters = parts.counters ?? new PushCounters();
    this.replayed = new ReplayedMessages(parts.clock);
  }

  /**
   * Replays what came after the place and lets the connection go live. `greet` writes the welcome, before everything
   * else. Resolves when the first page is on its way, so that it can leave together with the welcome; while the log is
   * out of reach the welcome goes at once, and the replay follows. Never rejects.
   */
  async resume(connection: Connection, after: Cursor, greet: (opening: Opening) => void): Promise<void> {
    connection.outbound.hold(after);
    this.joins.begin(connection, after);
    let isGreeted = false;
    const write = (page: LogPage) => {
      // A connection that breaks between its welcome and the gap is to be told of that when it comes with this place.
      const place = page.gap === undefined ? page.resumedFrom : after;
      if (!isGreeted) greet({ cursor: encodeCursor(place), resumed: page.gap === undefined });
      isGreeted = true;
      return this.write(connection, page);
    };
    const next = await this.step(connection, after, write);
    if (!isGreeted && connection.isOpen) greet({ cursor: encodeCursor(after), resumed: false });
    if (next) void this.readOn(connection, next);
  }

  /**
   * Lets a connection that came with no place begin here. At once where this node hears all that is for it; otherwise
   * resolves when it does, or when it is plain that it cannot: then the welcome goes, and what came since follows.
   */
  begin(connection: Connection, greet: (opening: Opening) => void): Promise<void> | undefined {
    if (this.parts.hearing.of(connection) !== true) return this.beginHeld(connection, greet);
    greet({ cursor: encodeCursor(this.parts.log.position), resumed: false });
    return undefined;
  }

  /**
   * The server has made the connection a member of the group, which it is in by now: what came for the group after the
   * place is for it. Undefined: nobody knows when that was, so what comes from now on is. `late`: how the word of it is.
   * Where it was live and has to be read for: resolves when it is again, or waits, or has ended.
   */
  joined(connection: Connection, group: string, begun?: Cursor, late: Lateness = 'none'): Promise<void> | undefined {
    const { log, registry } = this.parts;
    const { outbound } = connection;
    const { position } = log;
    // What was heard before the word of the membership is not due to it; brought later it would come in a wrong order.
    const passed = late === 'none' ? position : this.joins.hadThrough(connection, group, late);
    const since = begun && passed ? furthest(begun, passed) : begun;
    const hears = log.hears(audienceOf(connection, registry)) === true;
    if (!outbound.holding && hears && (since === undefined || isWithin(position, since))) return undefined;
    if (connection.transport.name === 'poll') connection.close(CloseCode.GoingAway);
    // Who is held reads with the group from where it stands, unless it is known where the membership begins.
    if (since) this.joins.add(connection, { group, after: since });
    if (outbound.holding || !connection.isOpen) return undefined;
    outbound.hold();
    outbound.releaseReplies();
    return this.readOn(connection, position);
  }

  /**
   * The server has taken the connection out of the group. What it had until now it has had as a member: a word of a new
   * membership, which may come late, is not to bring it again.
   */
  left(connection: Connection, group: string): void {
    this.joins.left(connection, group, this.places.of(connection) ?? this.parts.log.position);
  }

  /**
   * Resolves when this node hears all that is for the connection, which has come into groups by its own doing. While some
   * of it is out of reach the connection is held, and gets what comes from now on when that is back.
   */
  async heard(connection: Connection): Promise<void> {
    if (this.parts.hearing.of(connection) === true || (await this.parts.hearing.settled(connection))) return;
    if (connection.isOpen && !connection.outbound.holding) this.hold(connection, this.parts.log.position);
  }

  /**
   * Messages pass this node by: whom they may be for gets nothing before they were read. That goes for what is held, too:
   * behind messages of a log that has begun anew it would have no place. Polls end, and come back with their place.
   */
  interrupted(place: Cursor, concerns: AudienceFilter): void {
    this.breaks++;
    for (const connection of concernedBy(concerns, this.parts.registry)) {
      this.joins.cutOff(connection, this.places.of(connection) ?? place);
      if (connection.transport.name === 'poll') connection.close(CloseCode.GoingAway);
      else if (connection.outbound.holding) connection.outbound.hold();
      else this.hold(connection, place);
    }
  }

  /** Something is followed again: those who waited for it are brought up to date, some at a time. */
  recovered(): void {
    const isToGoOn = (connection: Connection) => !connection.isOpen || this.parts.hearing.of(connection) !== false;
    this.places.goOn(isToGoOn, (connection, place) => this.readOn(connection, place));
  }

  /** A message is gone and cannot be put into its place. Who is being read for has it read. */
  missed(place: Cursor, concerns: AudienceFilter): void {
    this.breaks++;
    const cursor = encodeCursor(place);
    for (const connection of concernedBy(concerns, this.parts.registry)) {
      if (connection.outbound.holding) continue;
      connection.reply(encodeGap('expired', cursor), cursor);
      this.counters.gaps.add('expired');
    }
  }

  private async beginHeld(connection: Connection, greet: (opening: Opening) => void): Promise<void> {
    connection.outbound.hold();
    const hears = await this.parts.hearing.settled(connection);
    if (!connection.isOpen) return;
    const { position } = this.parts.log;
    greet({ cursor: encodeCursor(position), resumed: false });
    this.joins.forget(connection);
    this.joins.begin(connection, position);
    if (hears) connection.outbound.startHere();
    else this.places.wait(connection, position);
  }

  private hold(connection: Connection, after: Cursor): void {
    connection.outbound.hold();
    connection.outbound.releaseReplies();
    this.places.wait(connection, after);
  }

  private async readOn(connection: Connection, after: Cursor): Promise<void> {
    for (let place: Cursor | undefined = after; place && connection.isOpen;) {
      await this.taken(connection);
      place = await this.step(connection, place, (page) => this.write(connection, page));
    }
  }

  /** Reads and writes one page. Answers where to read on; undefined when the connection is live, waits or has ended. */
  private async step(
    connection: Connection,
    after: Cursor,
    write: (page: LogPage) => void,
  ): Promise<Cursor | undefined> {
    this.places.reach(connection, after);
    try {
      if (this.parts.hearing.of(connection) !== true && !(await this.parts.hearing.settled(connection))) {
        this.places.wait(connection, after);
        return undefined;
      }
      const before = { breaks: this.breaks, givenUp: connection.outbound.holding?.givenUp ?? 0 };
      const { page, wasHeard } = await this.read(connection, after);
      if (!connection.isOpen) return undefined;
      write(page);
      this.places.reach(connection, page.through);
      const hears = this.parts.hearing.of(connection);
      if (hears === false) this.places.wait(connection, page.through);
      else if (!wasHeard || this.isBehind(connection, page, before) || hears !== true) return page.through;
      else this.goLive(connection, page.through);
    } catch (cause) {
      this.fail(connection, after, cause);
    }
    return undefined;
  }

  /**
   * Reads one page. `wasHeard`: this node heard for all of its audience before it was read, so that whatever is not in it
   * comes live. A group that was joined during the read may not be followed yet: between the two messages would be missed.
   */
  private async read(connection: Connection, after: Cursor): Promise<{ page: LogPage; wasHeard: boolean }> {
    const { log, registry, scheduler } = this.parts;
    const request = { after, maxMessages: PAGE_MESSAGES, maxBytes: scheduler.maxQueueBytes / 2 };
    let joins: readonly GroupJoin[] | undefined;
    let wasHeard = false;
    const read = (audience: Audience) => {
      joins = this.joins.of(connection);
      wasHeard = log.hears(audience) === true;
      return log.read({ ...request, joins, audience });
    };
    const page = await readForPresent(connection, registry, read, () => this.joins.hasOthersThan(connection, joins));
    this.joins.read(connection, joins, page.through);
    return { page, wasHeard };
  }

  /** Whether there is more to be read than the page holds: what has changed or was given up since is not in it. */
  private isBehind(connection: Connection, { hasMore }: LogPage, before: { breaks: number; givenUp: number }) {
    if (hasMore || before.breaks !== this.breaks || this.joins.hasUnread(connection)) return true;
    connection.outbound.flush();
    const { holding, waitingBytes, trace } = connection.outbound;
    return holding?.mayEnd(waitingBytes, this.parts.scheduler.maxQueueBytes, before.givenUp, trace) === false;
  }

  private write(connection: Connection, { gap, resumedFrom, messages }: LogPage): void {
    this.sizes.set(connection, (this.sizes.get(connection) ?? 0) + messages.length);
    if (gap) {
      this.counters.gaps.add(gap);
      const cursor = encodeCursor(resumedFrom);
      connection.reply(encodeGap(gap, cursor), cursor);
    }
    const { outbound } = connection;
    const hasRoom = messages.every((message) => outbound.enqueueReplayed(this.replayed.of(message)) !== 'overflow');
    if (!hasRoom) connection.close(CloseCode.SlowConsumer);
  }

  private goLive(connection: Connection, through: Cursor): void {
    this.counters.replaySizes.add(this.sizes.get(connection) ?? 0);
    this.sizes.delete(connection);
    this.joins.forget(connection);
    this.places.forget(connection);
    const verdict = connection.outbound.release(through, encodeCursor(through));
    if (verdict === 'overflow') connection.close(CloseCode.SlowConsumer);
  }

  /** Resolves when the transport has taken the page, at the earliest in the next turn of the event loop. */
  private async taken(connection: Connection): Promise<void> {
    await this.parts.scheduler.nextSlice();
    await new Promise<void>((resolve) => connection.outbound.onceRelieved(resolve));
  }

  /**
   * A log that is out of reach comes back: the connection waits with the place that it has. Any other failure is our
   * own; the connection is closed and comes back with its place.
   */
  private fail(connection: Connection, after: Cursor, cause: unknown): void {
    const { clock, onFailure } = this.parts;
    const isOutOfReach = cause instanceof PushError && cause.code === 'PUSH_ERR_UNAVAILABLE';
    if (!isOutOfReach) {
      onFailure(cause, { connectionId: connection.id });
      connection.close(CloseCode.InternalError);
    } else if (this.parts.hearing.of(connection) === false) {
      this.places.wait(connection, after);
    } else {
      clock.after(Math.random() * RETRY_MS, () => void this.readOn(connection, after));
    }
  }
}
