import type { Cursor } from '../protocol/cursor.js';
import { withCursor } from '../protocol/frame-encoder.js';
import { PerFormat } from './per-format.js';
import type { MessageObserver } from './message-observer.interface.js';
import type { DropReason, PushCounters } from './push-counters.js';
import type { Shedding } from './slow-reader-policy.js';
import type { WireFormat } from './wire-format.js';

/** Shorter texts weigh less than a Buffer. */
const LONG_TEXT_BYTES = 1024;

/**
 * One message on its way to any number of connections: encoded at most once per wire format, whatever the number of
 * recipients, and counting what became of it.
 */
export class OutgoingMessage {
  /** The place after this message; absent on frames of the protocol that have none. */
  readonly cursor: string | undefined;
  /**
   * Its number in its partition of the log, by which a replay tells what it has read from what came live; 0 where it is
   * not kept.
   */
  readonly number: number;
  readonly partition: number;
  /** Size of the text in bytes, as it counts against a queue. */
  readonly byteLength: number;
  /** How it may be skipped for a slow reader; undefined where it may not. */
  readonly shedding: Shedding | undefined;
  /** From when on nobody is to get it any more, by `performance.now()`; undefined where that never comes. */
  readonly endsAtMs: number | undefined;
  /** Slow readers that it waits for; belongs to WaitingBudget. */
  waitingReaders = 0;
  /** Hears what becomes of the message; set while somebody watches. */
  observer: MessageObserver | undefined;
  private readonly encodings = new PerFormat<Buffer>();
  private writtenCount = 0;
  private undecidedCount = 0;
  private settledListener: (() => void) | undefined;
  private counters: PushCounters | undefined;
  private sentAtMs = 0;
  /** The text, or its bytes where it has been moved out of the heap. */
  private content: string | Buffer;

  constructor(
    text: string,
    cursor?: string,
    number = 0,
    partition = 0,
    shedding?: Shedding,
    endsAtMs?: number,
    byteLength = Buffer.byteLength(text),
  ) {
    this.content = text;
    this.cursor = cursor;
    this.number = number;
    this.partition = partition;
    this.byteLength = byteLength;
    this.shedding = shedding;
    this.endsAtMs = endsAtMs;
  }

  /** Envelope text, JSON. */
  get text(): string {
    const { content } = this;
    return typeof content === 'string' ? content : content.toString();
  }

  /** Keeps the text outside the JavaScript heap from now on, where it weighs its bytes and no more; for one that may wait. */
  moveOutOfHeap(): void {
    const { content, byteLength } = this;
    if (typeof content !== 'string' || byteLength < LONG_TEXT_BYTES) return;
    // Not from the pool, of which each piece keeps the whole alive.
    this.content = Buffer.allocUnsafeSlow(byteLength);
    this.content.write(content, byteLength === content.length ? 'latin1' : 'utf8');
  }

  /** Whether its time is over: whoever has not got it by now is not to get it. */
  get isOver(): boolean {
    return this.endsAtMs !== undefined && performance.now() >= this.endsAtMs;
  }

  /** Connections whose transport has taken the message so far. */
  get written(): number {
    return this.writtenCount;
  }

  /** Whether every connection that the message was queued for has either taken or lost it. */
  get isSettled(): boolean {
    return this.undecidedCount <= 0;
  }

  /** Has what becomes of it counted among the messages of the application. It was sent `ageMs` ago. */
  countIn(counters: PushCounters, ageMs: number): void {
    this.counters = counters;
    this.sentAtMs = performance.now() - ageMs;
  }

  /** The same message for one connection that has got past its place. What becomes of it counts here too. */
  movedTo(cursor: string): OutgoingMessage {
    const moved = new OutgoingMessage(
      withCursor(this.text, this.cursor ?? '', cursor),
      cursor,
      this.number,
      this.partition,
      this.shedding,
      this.endsAtMs,
    );
    moved.recordQueued(1);
    moved.onceSettled(() => (moved.written > 0 ? this.recordWritten(1) : this.recordDropped(1, 'closed')));
    return moved;
  }

  /** Whether it is kept and a reader who stands at these places is past it. */
  isReadBy(through: Cursor): boolean {
    return this.number > 0 && this.number <= (through[this.partition]?.number ?? 0);
  }

  /** The message in this format. */
  encodingFor(format: WireFormat): Buffer {
    return this.encodings.get(format) ?? this.encodings.set(format, format.encode(this));
  }

  /** The message was put into the queues of so many connections. */
  recordQueued(connections: number): void {
    this.undecidedCount += connections;
  }

  /** The transports of so many connections took the message. */
  recordWritten(connections: number): void {
    this.writtenCount += connections;
    this.counters?.recordWritten(connections, this.sentAtMs);
    this.observer?.written(connections);
    this.recordDecided(connections);
  }

  /** So many connections ended, or were skipped on purpose, with the message still in their queues. */
  recordDropped(connections: number, reason: DropReason): void {
    this.counters?.dropped.add(reason, connections);
    this.observer?.dropped(connections, reason);
    this.recordDecided(connections);
  }

  /** Calls back once when the message is settled; at once if it is. Listeners are called in their order. */
  onceSettled(listener: () => void): void {
    const before = this.settledListener;
    if (this.isSettled) {
      listener();
    } else if (before) {
      this.settledListener = () => {
        before();
        listener();
      };
    } else {
      this.settledListener = listener;
    }
  }

  private recordDecided(connections: number): void {
    this.undecidedCount -= connections;
    if (this.settledListener === undefined || !this.isSettled) return;
    const listener = this.settledListener;
    this.settledListener = undefined;
    listener();
  }
}
