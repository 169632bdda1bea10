/**
 * The messages of one connection whose transport is blocked, oldest first; also those of them that may be skipped, by
 * the policy of their event.
 *
 * Whatever is skipped and not made good by a newer message is told to the client, once: where the first of them stood
 * goes a mark that is written as `push:gap`. Those that are skipped before it is written are told of by the same mark,
 * which lies before whatever came after them. Its cursor is that of the first, so nobody who comes back with it is
 * spared a message that the log still has. A message whose time is over when it could be written is let go untold.
 */
import { encodeGap } from '../protocol/frame-encoder.js';
import type { FlushScheduler } from './flush-scheduler.js';
import { joinIntoWrites, WRITE_BYTES } from './message-run.js';
import { OutgoingMessage } from './outgoing-message.js';
import type { DropReason } from './push-counters.js';
import type { QueueTrace } from './queue-trace.interface.js';
import type { SlowReaderPolicy } from './slow-reader-policy.js';
import type { Transport } from './transport.interface.js';
import { WaitingLine } from './waiting-line.js';

/** How many messages are looked at for one write. */
const BATCH_MESSAGES = 256;
/** So many places of messages that have left are not worth moving the others for. */
const MAX_HOLES = 64;

/** Waits for its turn; nothing where a message was skipped. */
type Slot = OutgoingMessage | undefined;

/** What waits for one slow reader. */
export class Backlog {
  private slots: Slot[] = [];
  private head = 0;
  /** Index of the first slot, counted over the life of the backlog. */
  private offset = 0;
  private count = 0;
  private waitingBytes = 0;
  /** Of events that have a policy of their own. */
  private lines: Map<SlowReaderPolicy, WaitingLine> | undefined;
  private newest: Map<string, number> | undefined;
  private gapIndex: number | undefined;

  /** @param trace Hears what becomes of the messages, while somebody looks at the user. */
  constructor(
    private readonly scheduler: FlushScheduler,
    public trace?: QueueTrace,
  ) {
    scheduler.waiting.readerBegan();
  }

  /** Bytes of the messages that wait. */
  get bytes(): number {
    return this.waitingBytes;
  }

  get isEmpty(): boolean {
    return this.count === 0;
  }

  /** Places that are held, those of messages that have left and are not closed up yet among them. */
  get places(): number {
    return this.slots.length;
  }

  push(message: OutgoingMessage): void {
    const index = this.append(message);
    this.trace?.waiting(message);
    if (!message.shedding) return;
    const { policy, collapseId } = message.shedding;
    this.lineOf(policy).add(index, message.byteLength);
    if (policy.action === 'coalesce' && collapseId !== undefined) (this.newest ??= new Map()).set(collapseId, index);
  }

  /** Takes what a blocked transport could not be given. */
  setAside(messages: readonly OutgoingMessage[]): void {
    for (const message of messages) {
      this.replaceBy(message);
      this.push(message);
    }
  }

  /** Bytes of this event that wait. */
  bytesOf(policy: SlowReaderPolicy): number {
    return this.lines?.get(policy)?.bytes ?? 0;
  }

  /** Takes out the message that this one makes needless, if it waits. */
  replaceBy({ shedding }: OutgoingMessage): void {
    if (shedding?.collapseId === undefined) return;
    const index = this.newest?.get(shedding.collapseId);
    if (index === undefined) return;
    this.takeOut(index, 'coalesced');
  }

  /** Skips the oldest message of this event, or of any whose oldest may be dropped; false where none waits. */
  skipOldest(policy?: SlowReaderPolicy): boolean {
    const index = policy ? this.lines?.get(policy)?.first : this.oldestOfAny();
    if (index === undefined) return false;
    this.skip(index, 'skipped_oldest');
    return true;
  }

  /** Says where the message, which was not queued, would have stood. */
  skipNewest(message: OutgoingMessage): void {
    const { cursor } = message;
    this.trace?.dropped(message, 'skipped');
    if (this.gapIndex === undefined && cursor !== undefined) this.gapIndex = this.append(this.gapMark(cursor));
  }

  /**
   * Skips what has waited longer than its event allows; to be asked regularly, for the time is taken from one call to
   * the next. False where an event's policy is that its reader is too slow then.
   */
  skipTooOld(nowMs: number): boolean {
    for (const [policy, line] of this.lines ?? []) {
      const before = line.beganToWaitBefore(nowMs, policy.maxWaitingMs, this.offset + this.slots.length);
      for (let index = line.first; index !== undefined && index < before; index = line.first) {
        if (policy.action === 'disconnect') return false;
        this.skip(index, 'too_old');
      }
    }
    return true;
  }

  /** Writes until the transport is blocked again or nothing waits. `force` goes on although it is blocked. */
  writeTo(transport: Transport, force = false): void {
    while (!this.isEmpty && (force || !transport.isBlocked)) {
      const [next] = joinIntoWrites(this.peek(), transport.format);
      if (!next) return;
      transport.write(next.bytes);
      for (let taken = 0; taken < next.messages.length; taken++) this.takeFirst();
      this.scheduler.recordWritten(next.messages);
      this.trace?.written(next.messages);
    }
  }

  /** Gives up everything that waits. Nothing is pushed any more. */
  drop(): void {
    while (!this.isEmpty) this.giveUp(this.takeFirst(), 'closed');
    this.scheduler.waiting.readerEnded();
  }

  private append(message: OutgoingMessage): number {
    if (this.slots.length - this.head > 2 * this.count + MAX_HOLES) this.closeHoles();
    const index = this.offset + this.slots.length;
    this.putInto(index, message);
    return index;
  }

  private putInto(index: number, message: OutgoingMessage): void {
    this.slots[index - this.offset] = message;
    this.scheduler.waiting.add(message);
    this.waitingBytes += message.byteLength;
    this.count++;
  }

  private lineOf(policy: SlowReaderPolicy): WaitingLine {
    this.lines ??= new Map();
    const known = this.lines.get(policy);
    if (known) return known;
    const line = new WaitingLine();
    this.lines.set(policy, line);
    return line;
  }

  private oldestOfAny(): number | undefined {
    let oldest: number | undefined;
    for (const [{ action }, { first }] of this.lines ?? []) {
      if (action !== 'dropOldest' || first === undefined) continue;
      if (oldest === undefined || first < oldest) oldest = first;
    }
    return oldest;
  }

  /** Takes the message out and has the client told of it. */
  private skip(index: number, reason: DropReason): void {
    const cursor = this.takeOut(index, reason)?.cursor;
    if (cursor === undefined || (this.gapIndex !== undefined && this.gapIndex < index)) return;
    if (this.gapIndex !== undefined) this.takeOut(this.gapIndex, reason);
    this.gapIndex = index;
    this.putInto(index, this.gapMark(cursor));
  }

  private takeOut(index: number, reason: DropReason): Slot {
    const message = this.slots[index - this.offset];
    this.slots[index - this.offset] = undefined;
    if (message) this.giveUp(this.leave(message, index), reason);
    return message;
  }

  private giveUp(message: Slot, reason: DropReason): void {
    message?.recordDropped(1, reason);
    if (message) this.trace?.dropped(message, reason);
  }

  /** Those that wait first, enough for one write. */
  private peek(): OutgoingMessage[] {
    const messages: OutgoingMessage[] = [];
    let bytes = 0;
    for (let at = this.head; at < this.slots.length && messages.length < BATCH_MESSAGES && bytes < WRITE_BYTES; at++) {
      const message = this.slots[at];
      if (message?.isOver) {
        this.takeOut(this.offset + at, 'expired');
      } else if (message) {
        messages.push(message);
        bytes += message.byteLength;
      }
    }
    return messages;
  }

  private takeFirst(): Slot {
    let message: Slot;
    while (!message && this.head < this.slots.length) {
      message = this.slots[this.head];
      if (message) this.leave(message, this.offset + this.head);
      this.head++;
    }
    if (this.head * 2 >= this.slots.length) {
      this.slots = this.slots.slice(this.head);
      this.offset += this.head;
      this.head = 0;
    }
    return message;
  }

  /** Moves up those that wait. Else a reader that takes nothing would hold a place of each message that was skipped. */
  private closeHoles(): void {
    const first = this.offset + this.head;
    const waiting: OutgoingMessage[] = [];
    const countBefore = this.slots
      .slice(this.head)
      .map((message) => (message ? waiting.push(message) - 1 : waiting.length));
    const moved = (index: number) => (index <= first ? first : first + (countBefore[index - first] ?? waiting.length));
    for (const line of this.lines?.values() ?? []) line.renumber(moved);
    for (const [collapseId, index] of this.newest ?? []) this.newest?.set(collapseId, moved(index));
    if (this.gapIndex !== undefined) this.gapIndex = moved(this.gapIndex);
    this.slots = waiting;
    this.offset = first;
    this.head = 0;
  }

  private leave(message: OutgoingMessage, index: number): OutgoingMessage {
    this.scheduler.waiting.remove(message);
    this.waitingBytes -= message.byteLength;
    this.count--;
    if (index === this.gapIndex) this.gapIndex = undefined;
    if (message.shedding) {
      const { policy, collapseId } = message.shedding;
      this.lines?.get(policy)?.remove(index, message.byteLength);
      if (collapseId !== undefined && this.newest?.get(collapseId) === index) this.newest.delete(collapseId);
    }
    return message;
  }

  private gapMark(cursor: string): OutgoingMessage {
    this.scheduler.recordSkipped();
    return new OutgoingMessage(encodeGap('skipped', cursor), cursor);
  }
}
