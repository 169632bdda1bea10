/**
 * Messages for everyone, each put down once and not into ten thousand queues: a queue remembers how far it has got and
 * takes what is new when it is next looked at. So sending to everyone costs the same for any number of connections, and
 * of those who are due the same each shares the run of the others.
 *
 * Invariant: a queue takes them before anything else is put into it, so they are at their place as if each had been put
 * there at once. Whoever comes later begins behind them; whoever leaves takes them before.
 */
import type { Flushable, Lane } from './flush-scheduler.js';
import type { MessageRun } from './message-run.js';
import type { OutgoingMessage } from './outgoing-message.js';

/** Queues that are flushed in one go, each for some microseconds. */
const FLUSHES_AT_ONCE = 16;

/** A queue that takes what is new to it when it is asked to, or flushed. */
interface BroadcastReader extends Pick<Flushable, 'flush'> {
  catchUp(): void;
}

/** Messages for everyone that follow one another. */
export class BroadcastSpan {
  readonly bytes: number;
  /** From when on nobody is to get the first of them that ends, by `performance.now()`. */
  private readonly endsAtMs: number;
  private previous: MessageRun | undefined;
  private run: MessageRun | undefined;
  private parts: readonly BroadcastSpan[] | undefined;

  /** @param messages Oldest first. */
  constructor(readonly messages: readonly OutgoingMessage[]) {
    this.bytes = messages.reduce((bytes, { byteLength }) => bytes + byteLength, 0);
    this.endsAtMs = messages.reduce((first, { endsAtMs = Infinity }) => Math.min(first, endsAtMs), Infinity);
  }

  /** Whether the time of one of them is over. */
  get isPartlyOver(): boolean {
    return this.endsAtMs !== Infinity && performance.now() >= this.endsAtMs;
  }

  /** This run and the messages. */
  behind(previous: MessageRun): MessageRun {
    if (this.run && this.previous === previous) return this.run;
    this.previous = previous;
    return (this.run = this.messages.reduce((run, message) => run.append(message), previous));
  }

  /**
   * The same messages in parts of at most so many bytes, or of one message. The same parts for all who ask, so that they
   * share the runs of those.
   */
  partsOf(maxBytes: number): readonly BroadcastSpan[] {
    return (this.parts ??= cut(this.messages, maxBytes));
  }
}

function cut(messages: readonly OutgoingMessage[], maxBytes: number): readonly BroadcastSpan[] {
  const parts: OutgoingMessage[][] = [];
  let bytes = Infinity;
  for (const message of messages) {
    bytes += message.byteLength;
    if (bytes <= maxBytes) parts.at(-1)?.push(message);
    else {
      parts.push([message]);
      bytes = message.byteLength;
    }
  }
  return parts.map((part) => new BroadcastSpan(part));
}

/** Those of one routing table, on their way into its queues. */
export class Broadcasts implements Flushable {
  lane: Lane | undefined;
  /** The place behind the newest. */
  end = 0;
  private pending: OutgoingMessage[] = [];
  /** The place of the oldest that is pending. */
  private beginning = 0;
  /** By the place they begin at, less the beginning; made anew when a message has come. */
  private spans: (BroadcastSpan | undefined)[] = [];
  /** All readers; undefined since somebody came or left. */
  private present: readonly BroadcastReader[] | undefined;
  /** Those who were there when the walk over them began; undefined while there is none. */
  private walk: readonly BroadcastReader[] | undefined;
  private nextInWalk = 0;
  private walkEnd = 0;

  /** @param readers All who are due what is added. */
  constructor(private readonly readers: () => readonly BroadcastReader[]) {}

  /** A reader came or left. */
  readersChanged(): void {
    this.present = undefined;
  }

  /** The message is for everyone who is there. Whoever adds one has this scheduled. */
  add(message: OutgoingMessage): void {
    this.pending.push(message);
    this.end++;
    this.spans = [];
  }

  /**
   * What lies between the place and the newest. Nobody has got less far than to the beginning: those who are here have been
   * walked over, and whoever leaves stops following.
   */
  since(place: number): BroadcastSpan {
    const index = place - this.beginning;
    return (this.spans[index] ??= new BroadcastSpan(this.pending.slice(index)));
  }

  /**
   * Flushes the next few queues, which take what is new; true until all have been. All of them take it before the first
   * is written to: what they look at lies far apart, and is fetched for several at once when no write comes between.
   */
  flush(): boolean {
    const walk = (this.walk ??= this.beginWalk());
    const end = Math.min(this.nextInWalk + FLUSHES_AT_ONCE, walk.length);
    for (let index = this.nextInWalk; index < end; index++) walk[index]?.catchUp();
    for (let left = FLUSHES_AT_ONCE; left > 0; left--) {
      const reader = walk[this.nextInWalk++];
      if (!reader) {
        this.endWalk();
        return false;
      }
      reader.flush();
    }
    return true;
  }

  private beginWalk(): readonly BroadcastReader[] {
    this.walkEnd = this.end;
    this.nextInWalk = 0;
    return (this.present ??= this.readers());
  }

  private endWalk(): void {
    this.walk = undefined;
    this.pending.splice(0, this.walkEnd - this.beginning);
    this.beginning = this.walkEnd;
    this.spans = [];
  }
}

/** For those whom no message for everyone reaches. */
export const NO_BROADCASTS = new Broadcasts(() => []);
