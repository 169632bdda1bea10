/**
 * Brings a connection that comes back up to date: what its principal missed after the place that it hands in, in order,
 * then the messages that came meanwhile, then live. Nothing is missing where the two meet and nothing comes twice,
 * because live messages are held from before the first read and those that a read has seen are dropped.
 *
 * The log is read page by page, each as the transport takes the one before, so that a long absence fills no queue. What
 * may be seen is decided by who the principal is at each page: its own messages, broadcasts, and the groups that it is in.
 */
import type { LogPage, MessageLog } from '../backing/message-log.interface.js';
import type { Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import type { FlushScheduler } from '../core/flush-scheduler.js';
import { PushError } from '../core/push-error.js';
import { PushCounters } from '../core/push-counters.js';
import { CloseCode } from '../protocol/close-codes.js';
import { encodeCursor } from '../protocol/cursor.js';
import type { Cursor } from '../protocol/cursor.js';
import { encodeGap } from '../protocol/frame-encoder.js';
import { readForPresent } from './present-audience.js';
import { ReplayedMessages } from './replayed-messages.js';

/** Messages of one page; a page also has at most half of what a queue may hold. */
const PAGE_MESSAGES = 256;

/** What a replay works with. */
export interface ResumeParts {
  readonly log: MessageLog;
  readonly registry: ConnectionRegistry;
  readonly scheduler: FlushScheduler;
  readonly clock: Clock;
  /** Hears of reads that failed. */
  readonly onFailure: (cause: unknown) => void;
  readonly counters?: PushCounters | undefined;
}

/** How the welcome of a connection that came with a cursor begins. */
export interface Opening {
  /** The place before any replay. */
  readonly cursor: string;
  /** Whether nothing is missing since the cursor that the client came with. */
  readonly resumed: boolean;
}

/** How many connections are read for at a time after a break, so that a crowd does not drown the log. */
const CONCURRENT_READS = 64;
/** A read that failed although the log is followed is tried again after up to so long. */
const RETRY_MS = 1_000;

/** Replays. */
export class ResumeService {
  private readonly replayed: ReplayedMessages;
  /** Those that are held until the log is followed again, and how far they have got. */
  private readonly waiting = new Map<Connection, Cursor>();
  /** Grows with each break. What was read before one says nothing of what was missed in it. */
  private breaks = 0;
  private readonly counters: PushCounters;
  /** Messages so far of the replays under way. */
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
    const { outbound } = connection;
    outbound.hold();
    const greetUnread = () => greet({ cursor: encodeCursor(after), resumed: false });
    if (!this.parts.log.isFollowing) {
      greetUnread();
      this.waiting.set(connection, after);
      return;
    }
    let isGreeted = false;
    const write = (page: LogPage) => {
      if (!isGreeted) greet({ cursor: encodeCursor(page.resumedFrom), resumed: page.gap === undefined });
      isGreeted = true;
      return this.write(connection, page);
    };
    const next = await this.step(connection, after, write);
    if (!isGreeted && connection.isOpen) greetUnread();
    if (next) void this.readOn(connection, next);
  }

  /** A connection that came with no place while the log is out of reach: it gets what comes after this one. */
  hold(connection: Connection, after: Cursor): void {
    connection.outbound.hold();
    connection.outbound.releaseReplies();
    this.waiting.set(connection, after);
  }

  /** Messages pass this node by: nobody gets anything before they were read. Polls end, and come back with their place. */
  interrupted(place: Cursor): void {
    this.breaks++;
    for (const connection of [...this.parts.registry.all()]) {
      if (connection.transport.name === 'poll') connection.close(CloseCode.GoingAway);
      else if (!connection.outbound.isHeld) this.hold(connection, place);
    }
  }

  /** The log is followed again: those who waited are brought up to date, some at a time. */
  recovered(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    const readNext = async (): Promise<void> => {
      for (let next = waiting.pop(); next; next = waiting.pop()) await this.readOn(...next);
    };
    for (let count = 0; count < CONCURRENT_READS; count++) void readNext();
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
    const { breaks } = this;
    try {
      const page = await this.read(connection, after);
      if (!connection.isOpen) return undefined;
      write(page);
      if (!this.parts.log.isFollowing) this.waiting.set(connection, page.through);
      else if (page.hasMore || breaks !== this.breaks) return page.through;
      else this.goLive(connection, page.through);
    } catch (cause) {
      this.fail(connection, after, cause);
    }
    return undefined;
  }

  private read(connection: Connection, after: Cursor): Promise<LogPage> {
    const { log, registry, scheduler } = this.parts;
    const request = { after, maxMessages: PAGE_MESSAGES, maxBytes: scheduler.maxQueueBytes / 2 };
    return readForPresent(connection, registry, (audience) => log.read({ ...request, audience }));
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
    const { log, clock, onFailure } = this.parts;
    const isOutOfReach = cause instanceof PushError && cause.code === 'PUSH_ERR_UNAVAILABLE';
    if (!isOutOfReach) {
      onFailure(cause);
      connection.close(CloseCode.InternalError);
    } else if (log.isFollowing) {
      clock.after(Math.random() * RETRY_MS, () => void this.readOn(connection, after));
    } else if (connection.isOpen) {
      this.waiting.set(connection, after);
    }
  }
}
