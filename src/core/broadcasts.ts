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

/** Takes what is new to it when it is flushed. */
type BroadcastQueue = Pick<Flushable, 'flush'>;

/** Messages from one place up to the newest. */
export class BroadcastSpan {
  readonly bytes: number;
  /** Whether there is one among them that nobody is to get any more after some time. */
  readonly mayEnd: boolean;
  private previous: MessageRun | undefined;
  private run: MessageRun | undefined;

  /** @param messages Oldest first. */
  constructor(readonly messages: readonly OutgoingMessage[]) {
    this.bytes = messages.reduce((bytes, { byteLength }) => bytes + byteLength, 0);
    this.mayEnd = messages.some(({ endsAtMs }) => endsAtMs !== undefined);
  }

  /** This run and the messages. */
  behind(previous: MessageRun): MessageRun {
    if (this.run && this.previous === previous) return this.run;
    this.previous = previous;
    return (this.run = this.messages.reduce((run, message) => run.append(message), previous));
  }
}

/** Those of one routing table, on their way into its queues. */
export class Broadcasts implements Flushable {
  lane: Lane | undefined;
  /** The place behind the newest. */
  end = 0;
  private pending: OutgoingMessage[] = [];
  /** The place of the first one that is pending. */
  private first = 0;
  /** By the place they begin at, less the first one; made anew when a message has come. */
  private spans: (BroadcastSpan | undefined)[] = [];
  /** What is flushed: the queues that were there when it began. */
  private walk: readonly BroadcastQueue[] = [];
  private nextInWalk = 0;
  private walkEnd = 0;

  /** @param queues All that are due what is added. */
  constructor(private readonly queues: () => readonly BroadcastQueue[]) {}

  /** The message is for everyone who is there. It is to be scheduled after. */
  add(message: OutgoingMessage): void {
    this.pending.push(message);
    this.end++;
    this.spans = [];
  }

  /** What lies between the place and the newest. */
  since(place: number): BroadcastSpan {
    const index = place - this.first;
    return (this.spans[index] ??= new BroadcastSpan(this.pending.slice(index)));
  }

  /** Flushes the next queue, which takes what is new; true until all have been. */
  flush(): boolean {
    if (this.nextInWalk === 0) {
      this.walk = this.queues();
      this.walkEnd = this.end;
    }
    const queue = this.walk[this.nextInWalk++];
    if (queue) {
      queue.flush();
      return true;
    }
    this.walk = [];
    this.nextInWalk = 0;
    this.pending.splice(0, this.walkEnd - this.first);
    this.first = this.walkEnd;
    this.spans = [];
    return false;
  }
}

/** For those whom no message for everyone reaches. */
export const NO_BROADCASTS = new Broadcasts(() => []);
