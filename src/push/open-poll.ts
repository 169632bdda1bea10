/**
 * One open poll: a connection whose pipe takes a single answer. What is written to it is collected until there is
 * something to answer with.
 *
 * Messages of the application end the wait; what the server says of itself (an expiring token, a refused group) waits
 * for the answer, or a client would come back at once, and again. Invariant: the cursor of an answer never passes a
 * message that the client has not got.
 */
import type { Cancel } from '../core/clock.js';
import type { WireFormat } from '../core/wire-format.js';
import { isPassedBy } from '../core/passing-message.js';
import type { Goodbye, Transport } from '../core/transport.interface.js';
import { decodeCursor, encodeCursor } from '../protocol/cursor.js';
import type { Cursor } from '../protocol/cursor.js';
import { withCursor } from '../protocol/frame-encoder.js';
import { ServerEvent } from '../protocol/frames.js';
import { CloseCode } from '../protocol/close-codes.js';
import { refusalOfClose } from './refusal.js';
import type { Refusal } from './refusal.js';

/** Most messages of one answer. */
export const MAX_POLL_MESSAGES = 100;
/** Longest wait, and the one of a request that names none: below what proxies cut. */
export const MAX_POLL_WAIT_SECONDS = 25;

/** What a poll is answered. */
export type PollAnswer =
  | {
      readonly type: 'messages';
      /** Envelopes, JSON. */
      readonly messages: readonly string[];
      readonly cursor: string;
      /** Whether there are others, for which the client need not wait. */
      readonly more: boolean;
    }
  | { readonly type: 'refused'; readonly refusal: Refusal };

/** A message that came while the poll was open. */
export interface PolledMessage {
  readonly text: string;
  readonly cursor: string;
  readonly number: number;
  readonly partition: number;
  /** From when on nobody is to get it any more, by `performance.now()`; infinite where that never comes. */
  readonly endsAtMs: number;
}

/** What an open poll asks of the service that it belongs to. */
export interface PollOwner {
  /** Messages have come, or too many bytes of them to wait on. */
  arrived(poll: OpenPoll): void;
  /** The connection was closed from this side. */
  closed(poll: OpenPoll, answer: PollAnswer): void;
}

/** How a refusal of `?groups=` begins: a poll takes no frames, so there is no other error on it. */
const REFUSAL = `{"event":"${ServerEvent.Error}"`;

/** One line for each message: partition, number and end, cursor (empty for what the server says of itself), envelope. */
const pollFormat: WireFormat = {
  encode: ({ text, cursor = '', number, partition, endsAtMs = Infinity }) =>
    Buffer.from(`${partition} ${number} ${endsAtMs}\t${cursor}\t${text}\n`),
};

/** The pipe of a poll. */
export class OpenPoll implements Transport {
  readonly name = 'poll';
  readonly format = pollFormat;
  readonly answersProbes = false;
  readonly isBlocked = false;
  readonly bufferedBytes = 0;
  /** Whether it still waits for its answer. */
  isOpen = true;
  /** Whether what was missed is being read: until that is known nothing can be put behind it. */
  isReading = false;
  /** Ends the wait. */
  cancelWait: Cancel | undefined;
  /** Refusals come before everything else of the answer, as on a stream, and what else the server says of itself last. */
  private readonly refusals: string[] = [];
  private readonly notices: string[] = [];
  private messages: PolledMessage[] = [];
  private collectedBytes = 0;
  private hasOverflowed = false;

  constructor(
    private readonly owner: PollOwner,
    private readonly maxBytes: number,
    /** The place of the client: everything up to it has been answered. */
    public place: string,
  ) {}

  write(bytes: Buffer): void {
    if (!this.isOpen) return;
    this.collectedBytes += bytes.length;
    const hadMessages = this.hasMessages;
    for (const line of bytes.toString().split('\n')) if (line !== '') this.collect(line);
    if (this.isReading) this.dropIfTooMuch();
    else if (this.hasMessages && (!hadMessages || this.isTooMuch)) this.owner.arrived(this);
  }

  /** The client stands here: what came until now is behind it. */
  startAt(place: string): void {
    this.place = place;
    this.isReading = false;
    this.messages = [];
    this.collectedBytes = 0;
    this.hasOverflowed = false;
  }

  get hasMessages(): boolean {
    return this.messages.length > 0;
  }

  /** What was missed has been read. Of what came meanwhile that is let go whose time is over. */
  endReading(): void {
    this.isReading = false;
    const nowMs = performance.now();
    this.messages = this.messages.filter(({ endsAtMs }) => nowMs < endsAtMs);
  }

  /** Whether more has come in than is worth collecting. */
  get isTooMuch(): boolean {
    return this.collectedBytes > this.maxBytes || this.messages.length >= MAX_POLL_MESSAGES;
  }

  /** The answer with what was missed, through which places that is, and what has come since. */
  answerMissed(missed: readonly string[], readThrough: Cursor, hasMore: boolean): PollAnswer {
    // What came live lies behind what is still to be read, so it is read then.
    const came = decodeCursor(this.place);
    const isNew = (message: PolledMessage) => isAfter(message, readThrough) && !(came && isPassedBy(message, came));
    const live = hasMore ? [] : this.messages.filter(isNew);
    const through = encodeCursor(readThrough);
    return this.answer(missed, through, notBefore(through, live), hasMore || this.hasOverflowed);
  }

  /** The answer with what has come; `place` is where the client stands if nothing has. */
  answerLive(place: string): PollAnswer {
    return this.answer([], place, this.messages, false);
  }

  close(code: number, reason: string, goodbye?: Goodbye): void {
    if (!this.isOpen) return;
    // A server that ends has said so, with the time to come back; nobody else who sends a client away has.
    const hasBeenTold = code === CloseCode.ServiceRestart && this.notices.length > 0;
    const isGoodbye = hasBeenTold || code === CloseCode.GoingAway;
    const live = this.isReading ? [] : this.messages;
    const answer: PollAnswer =
      isGoodbye || live.length > 0
        ? this.answer([], this.place, live, false)
        : { type: 'refused', refusal: refusalOfClose(code, reason, goodbye?.reconnectInMs) };
    this.owner.closed(this, answer);
  }

  terminate(): void {
    this.close(CloseCode.GoingAway, '');
  }

  onceDrained(): void {}

  probe(): void {}

  pause(): void {}

  resume(): void {}

  private answer(missed: readonly string[], place: string, live: readonly PolledMessage[], more: boolean): PollAnswer {
    const room = Math.max(0, MAX_POLL_MESSAGES - missed.length);
    const added = live.slice(0, room);
    return {
      type: 'messages',
      messages: [...this.refusals, ...missed, ...added.map(({ text }) => text), ...this.notices],
      cursor: added.at(-1)?.cursor ?? place,
      more: more || added.length < live.length,
    };
  }

  private collect(line: string): void {
    const [where = '', cursor = ''] = line.split('\t', 2);
    const [partition, number, endsAtMs] = where.split(' ');
    const text = line.slice(where.length + cursor.length + 2);
    if (cursor === '') (text.startsWith(REFUSAL) ? this.refusals : this.notices).push(text);
    else if (!this.hasOverflowed) {
      const place = { number: Number(number), partition: Number(partition) };
      this.messages.push({ text, cursor, ...place, endsAtMs: Number(endsAtMs) });
    }
  }

  /** What is kept can be read from the log; nobody holds more than that for a reader that is not there yet. */
  private dropIfTooMuch(): void {
    if (this.collectedBytes <= this.maxBytes) return;
    this.hasOverflowed = true;
    this.messages = [];
  }
}

/**
 * A message that is not kept may carry a place before what was read meanwhile. Whoever comes back with that would be
 * replayed the same again, so it gets the place that was read to.
 */
function notBefore(through: string, live: readonly PolledMessage[]): readonly PolledMessage[] {
  const firstKept = live.findIndex(({ number }) => number > 0);
  return live.map((message, index) => {
    if (message.number > 0 || (firstKept !== -1 && index > firstKept)) return message;
    return { ...message, cursor: through, text: withCursor(message.text, message.cursor, through) };
  });
}

/** A message that is not kept has no number, and comes live only. */
function isAfter({ number, partition }: PolledMessage, readThrough: Cursor): boolean {
  return number === 0 || number > (readThrough[partition]?.number ?? 0);
}
