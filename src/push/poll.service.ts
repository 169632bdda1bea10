/**
 * Long polls. Each is a connection of its own, without a session between them: the cursor says where the client stands.
 * It is in the routing table before the log is read, so that nothing falls between the two.
 */
import type { Audience, LogPage, MessageLog } from '../backing/message-log.interface.js';
import type { Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import type { OnFailure } from '../core/failure-report.js';
import type { DeliveryOptions } from '../core/flush-scheduler.js';
import { isPassing } from '../core/push-error.js';
import { PushCounters } from '../core/push-counters.js';
import { decodeCursor, encodeCursor } from '../protocol/cursor.js';
import type { Cursor } from '../protocol/cursor.js';
import { encodeFrame, encodeGap } from '../protocol/frame-encoder.js';
import { ServerEvent } from '../protocol/frames.js';
import type { ExpiringData } from '../protocol/frames.js';
import { isoTime } from '../protocol/iso-time.js';
import type { Hearing } from './hearing.js';
import type { Admission } from './admission.js';
import type { LivenessOptions } from './liveness.service.js';
import { MAX_POLL_MESSAGES, OpenPoll } from './open-poll.js';
import type { PollAnswer, PollOwner } from './open-poll.js';
import { readForPresent } from './present-audience.js';
import { Refusals } from './refusal.js';
import { tellRefusals } from './session.service.js';
import type { SessionService } from './session.service.js';

/** What polls work with. */
export interface PollParts {
  readonly hearing: Hearing;
  readonly sessions: SessionService;
  readonly registry: ConnectionRegistry;
  readonly log: MessageLog;
  readonly clock: Clock;
  readonly options: Required<DeliveryOptions & LivenessOptions>;
  /** Hears of reads that failed. */
  readonly onFailure: OnFailure;
  readonly counters?: PushCounters | undefined;
}

/** A poll whose answer is on the way. */
export interface PollHandle {
  /** The client has left: nothing is kept for it. */
  abandon(): void;
}

/** Answers polls. */
export class PollService {
  private readonly counters: PushCounters;

  constructor(private readonly parts: PollParts) {
    this.counters = parts.counters ?? new PushCounters();
  }

  /** Answers once: at once with what was missed, else with what comes within `waitMs`. */
  open(admission: Admission, waitMs: number, answer: (answer: PollAnswer) => void): PollHandle {
    const session = new PollSession(this.parts, this.counters, answer);
    session.begin(admission, waitMs);
    return session;
  }
}

/** One poll from its request to its answer. */
class PollSession implements PollOwner, PollHandle {
  private readonly poll: OpenPoll;
  private connection: Connection | undefined;

  constructor(
    private readonly parts: PollParts,
    private readonly counters: PushCounters,
    private readonly reply: (answer: PollAnswer) => void,
  ) {
    this.poll = new OpenPoll(this, parts.options.maxQueueBytes, this.position);
  }

  begin(admission: Admission, waitMs: number): void {
    // Whatever ends the poll before anything was read leaves the client where it is.
    if (admission.cursor !== undefined) this.poll.place = admission.cursor;
    const { connection, refusedGroups } = this.parts.sessions.register(admission, this.poll);
    this.connection = connection;
    const hears = this.parts.hearing.of(connection);
    if (hears === false || !admission.heldGroups) return this.refuse('messages are out of reach');
    tellRefusals(connection, refusedGroups);
    this.tellIfExpiring(connection);
    if (hears === true) this.go(connection, admission.cursor, waitMs);
    else void this.goWhenHeard(connection, admission.cursor, waitMs);
  }

  private async goWhenHeard(connection: Connection, cursor: string | undefined, waitMs: number): Promise<void> {
    this.poll.isReading = true;
    const isHeard = await this.parts.hearing.settled(connection);
    connection.outbound.flush();
    // What came meanwhile comes before the place from which it is to be answered.
    this.poll.startAt(this.position);
    if (isHeard) this.go(connection, cursor, waitMs);
    else this.refuse('messages are out of reach');
  }

  private go(connection: Connection, cursorText: string | undefined, waitMs: number): void {
    const cursor = cursorText === undefined ? undefined : decodeCursor(cursorText);
    if (cursor) void this.readMissed(connection, cursor, waitMs);
    else if (cursorText !== undefined) this.answerGap();
    else this.wait(waitMs);
  }

  arrived(poll: OpenPoll): void {
    if (poll.isTooMuch) this.finish(poll.answerLive(poll.place));
    // The rest of what is due in this turn of the event loop goes into the same answer.
    else queueMicrotask(this.answerWhatCame);
  }

  closed(_poll: OpenPoll, answer: PollAnswer): void {
    this.finish(answer);
  }

  abandon(): void {
    this.end();
  }

  private get position(): string {
    return encodeCursor(this.parts.log.position);
  }

  private async readMissed(connection: Connection, after: Cursor, waitMs: number): Promise<void> {
    const { poll } = this;
    poll.place = encodeCursor(after);
    poll.isReading = true;
    try {
      let wasHeard = false;
      const read = (audience: Audience) => {
        wasHeard = this.parts.log.hears(audience) === true;
        return this.read(audience, after);
      };
      const page = await readForPresent(connection, this.parts.registry, read);
      this.counters.replaySizes.add(page.messages.length);
      if (page.gap) this.counters.gaps.add(page.gap);
      connection.outbound.flush();
      poll.endReading();
      const gap = page.gap ? [encodeGap(page.gap, encodeCursor(page.resumedFrom))] : [];
      const missed = [...gap, ...textsOf(page)];
      const answer = poll.answerMissed(missed, page.through, page.hasMore);
      const isWorthIt = answer.type === 'messages' && (answer.more || missed.length > 0 || poll.hasMessages);
      // Who came into a group meanwhile that nobody here was in comes back for what is not heard yet, or was not then.
      const isHeard = this.parts.hearing.of(connection) === true;
      if (isWorthIt || !wasHeard || !isHeard) this.finish(answer);
      else this.wait(waitMs);
    } catch (cause) {
      if (!isPassing(cause)) this.parts.onFailure(cause, { connectionId: connection.id });
      this.refuse('the messages could not be read');
    }
  }

  /** What fits one answer; a gap takes the room of a message. */
  private async read(audience: Audience, after: Cursor): Promise<LogPage> {
    const { log, options } = this.parts;
    const request = { audience, maxBytes: options.maxQueueBytes };
    const page = await log.read({ ...request, after, maxMessages: MAX_POLL_MESSAGES });
    if (!page.gap || page.messages.length < MAX_POLL_MESSAGES) return page;
    const { gap, resumedFrom } = page;
    return {
      ...(await log.read({ ...request, after: resumedFrom, maxMessages: MAX_POLL_MESSAGES - 1 })),
      gap,
      resumedFrom,
    };
  }

  private answerGap(): void {
    this.counters.gaps.add('invalid_cursor');
    const { position } = this.parts.log;
    this.connection?.outbound.flush();
    this.finish(this.poll.answerMissed([encodeGap('invalid_cursor', encodeCursor(position))], position, false));
  }

  private wait(waitMs: number): void {
    if (!this.poll.isOpen) return;
    if (waitMs === 0) this.answerWhatCame();
    else this.poll.cancelWait = this.parts.clock.after(waitMs, this.answerWhatCame);
  }

  /** Whatever is for this client and has a place up to the present one has been put into its queue by now. */
  private readonly answerWhatCame = (): void => {
    if (!this.poll.isOpen) return;
    this.connection?.outbound.flush();
    this.finish(this.poll.answerLive(this.position));
  };

  /** Each poll is a connection of its own, and the sweep may come round too late for it. */
  private tellIfExpiring(connection: Connection): void {
    const { clock, options } = this.parts;
    const { expiresAtMs } = connection.principal;
    if (clock.now() < expiresAtMs - options.expiringNoticeMs) return;
    connection.isExpiryAnnounced = true;
    const data: ExpiringData = { at: isoTime(expiresAtMs) };
    connection.reply(encodeFrame(ServerEvent.Expiring, data));
  }

  private refuse(reason: string): void {
    this.finish({ type: 'refused', refusal: Refusals.unavailable(reason) });
  }

  private finish(answer: PollAnswer): void {
    if (!this.poll.isOpen) return;
    this.end();
    this.reply(answer);
  }

  private end(): void {
    this.poll.isOpen = false;
    this.poll.cancelWait?.();
    this.poll.cancelWait = undefined;
    if (this.connection) this.parts.sessions.ended(this.connection);
  }
}

/** Those of a page whose time is not over: it may have been long on its way. */
function textsOf({ messages }: LogPage): readonly string[] {
  const nowMs = performance.now();
  return messages.filter(({ endsAtMs = Infinity }) => nowMs < endsAtMs).map(({ text }) => text);
}
