import type { Cursor } from '../protocol/cursor.js';
import type { OutgoingMessage } from './outgoing-message.js';
import { isPassedBy } from './passing-message.js';
import type { QueueTrace } from './queue-trace.interface.js';
import type { WaitingBudget } from './waiting-budget.js';

/** A message that a hold ends for. */
export interface ReleasedMessage {
  readonly message: OutgoingMessage;
  /** Whether the connection has got it otherwise: by the replay, or before it came back. */
  readonly isRead: boolean;
}

/**
 * What came for a connection while it is not live yet: messages wait until those before them were replayed, replies
 * until the welcome is out. Where there is no more room, those that the log keeps are given up: the replay reads them.
 */
export class HeldMessages {
  private messages: OutgoingMessage[] = [];
  private replies: OutgoingMessage[] | undefined = [];
  private heldBytes = 0;
  private timesGivenUp = 0;

  /** @param after The place that the connection came back with, if it did. */
  constructor(
    private readonly budget: WaitingBudget,
    private readonly after?: Cursor,
  ) {}

  /** Bytes that are held. */
  get bytes(): number {
    return this.heldBytes;
  }

  /** How often messages were given up for the replay to read. What it had asked for before may be without them. */
  get givenUp(): number {
    return this.timesGivenUp;
  }

  /** Whether replies are held too. */
  get holdsReplies(): boolean {
    return this.replies !== undefined;
  }

  /**
   * Holds it; false where that would be more than so many bytes, or too much in the process. A lone one always has room.
   * `trace` hears of those that are given up.
   */
  add(message: OutgoingMessage, isReply: boolean, maxBytes: number, trace?: QueueTrace): boolean {
    if (!this.makeRoomFor(message, maxBytes, trace)) {
      if (message.number === 0) return false;
      this.timesGivenUp++;
      giveUp(message, trace);
      return true;
    }
    if (this.heldBytes === 0) this.budget.readerBegan();
    this.budget.add(message);
    (isReply ? this.replies : this.messages)?.push(message);
    this.heldBytes += message.byteLength;
    return true;
  }

  /**
   * Whether a replay may end that had asked for its last page when messages had been given up so often. Where there is no
   * room for what is held behind what waits, what the log keeps of it is given up, too. `waitingBytes`: with what is held.
   */
  mayEnd(waitingBytes: number, maxBytes: number, givenUpBefore: number, trace?: QueueTrace): boolean {
    const hasRoom = waitingBytes === this.heldBytes || waitingBytes <= maxBytes;
    // Read as pages they find out whether the peer takes anything; to ask again for nothing would not.
    if (!hasRoom) this.giveUpKept(trace);
    return givenUpBefore === this.timesGivenUp;
  }

  /** Gives up those that the log keeps: the replay reads them. */
  giveUpKept(trace?: QueueTrace): void {
    const kept = this.messages.filter(({ number }) => number > 0);
    if (kept.length === 0) return;
    this.timesGivenUp++;
    this.messages = this.messages.filter(({ number }) => number === 0);
    this.letGo(kept);
    for (const message of kept) giveUp(message, trace);
  }

  /** Gives the replies away; later ones are not held any more. */
  takeReplies(): readonly OutgoingMessage[] {
    const replies = this.replies ?? [];
    this.replies = undefined;
    this.letGo(replies);
    return replies;
  }

  /**
   * Gives everything away, replies first, after a replay that has read to these places. A message that is not kept may
   * carry places before those; it gets `cursor`, the same places as text, or whoever comes back with it would be replayed
   * the same again.
   */
  release(readThrough: Cursor, cursor: string): readonly ReleasedMessage[] {
    let isPastReplay = false;
    return this.takeAll().map((held) => {
      const isRead = held.isReadBy(readThrough) || (this.after !== undefined && isPassedBy(held, this.after));
      isPastReplay ||= held.number > 0 && !isRead;
      const isBehind = held.number === 0 && held.cursor !== undefined && !isPastReplay;
      return { message: isBehind ? held.movedTo(cursor) : held, isRead };
    });
  }

  /** Gives everything away, replies first. */
  takeAll(): readonly OutgoingMessage[] {
    const { messages } = this;
    const replies = this.takeReplies();
    this.messages = [];
    this.letGo(messages);
    return [...replies, ...messages];
  }

  private hasRoomFor({ byteLength }: OutgoingMessage, maxBytes: number): boolean {
    const { heldBytes } = this;
    return heldBytes === 0 || (heldBytes + byteLength <= maxBytes && !this.budget.isOver(heldBytes));
  }

  private makeRoomFor(message: OutgoingMessage, maxBytes: number, trace: QueueTrace | undefined): boolean {
    if (this.hasRoomFor(message, maxBytes)) return true;
    this.giveUpKept(trace);
    return this.hasRoomFor(message, maxBytes);
  }

  private letGo(messages: readonly OutgoingMessage[]): void {
    if (messages.length === 0) return;
    for (const message of messages) {
      this.budget.remove(message);
      this.heldBytes -= message.byteLength;
    }
    if (this.heldBytes === 0) this.budget.readerEnded();
  }
}

function giveUp(message: OutgoingMessage, trace: QueueTrace | undefined): void {
  message.recordDropped(1, 'replayed');
  trace?.dropped(message, 'replayed');
}
