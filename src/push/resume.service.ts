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
}

/** How the welcome of a connection that came with a cursor begins. */
export interface Opening {
  /** The place before any replay. */
  readonly cursor: string;
  /** Whether nothing is missing since the cursor that the client came with. */
  readonly resumed: boolean;
}

/** Replays. */
export class ResumeService {
  private readonly replayed: ReplayedMessages;

  constructor(private readonly parts: ResumeParts) {
    this.replayed = new ReplayedMessages(parts.clock);
  }

  /**
   * Replays what came after the place and lets the connection go live. `greet` writes the welcome, before everything
   * else. Resolves when the first page is on its way, so that it can leave together with the welcome. Never rejects: a
   * connection whose replay fails is closed, and comes back with the place that it had.
   */
  async resume(connection: Connection, after: Cursor, greet: (opening: Opening) => void): Promise<void> {
    connection.outbound.hold();
    try {
      const first = await this.read(connection, after);
      if (!connection.isOpen) return;
      greet({ cursor: encodeCursor(first.resumedFrom), resumed: first.gap === undefined });
      this.write(connection, first);
      if (first.hasMore) void this.readOn(connection, first.through);
    } catch (cause) {
      this.fail(connection, cause);
    }
  }

  private async readOn(connection: Connection, after: Cursor): Promise<void> {
    try {
      let page: LogPage;
      for (let place = after; connection.isOpen; place = page.through) {
        await this.taken(connection);
        page = await this.read(connection, place);
        this.write(connection, page);
        if (!page.hasMore) return;
      }
    } catch (cause) {
      this.fail(connection, cause);
    }
  }

  private read(connection: Connection, after: Cursor): Promise<LogPage> {
    const { log, registry, scheduler } = this.parts;
    const request = { after, maxMessages: PAGE_MESSAGES, maxBytes: scheduler.maxQueueBytes / 2 };
    return readForPresent(connection, registry, (audience) => log.read({ ...request, audience }));
  }

  private write(connection: Connection, { gap, resumedFrom, messages, through, hasMore }: LogPage): void {
    const { outbound } = connection;
    if (gap) {
      const cursor = encodeCursor(resumedFrom);
      connection.reply(encodeGap(gap, cursor), cursor);
    }
    const hasRoom = messages.every((message) => outbound.enqueueReplayed(this.replayed.of(message)) !== 'overflow');
    const isTooSlow =
      !hasRoom || (!hasMore && outbound.release(through[0].number, encodeCursor(through)) === 'overflow');
    if (isTooSlow) connection.close(CloseCode.SlowConsumer);
  }

  /** Resolves when the transport has taken the page, at the earliest in the next turn of the event loop. */
  private async taken(connection: Connection): Promise<void> {
    await this.parts.scheduler.nextSlice();
    await new Promise<void>((resolve) => connection.outbound.onceRelieved(resolve));
  }

  private fail(connection: Connection, cause: unknown): void {
    this.parts.onFailure(cause);
    connection.close(CloseCode.InternalError);
  }
}
