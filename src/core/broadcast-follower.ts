import { NO_BROADCASTS } from './broadcasts.js';
import type { BroadcastSpan, Broadcasts } from './broadcasts.js';
import type { EnqueueVerdict } from './enqueue-verdict.js';
import type { OutgoingMessage } from './outgoing-message.js';

/**
 * Who takes the messages for everyone when it is looked at, and remembers how far it has got. Each has been counted as
 * queued for it when it was put down.
 */
export abstract class BroadcastFollower {
  private broadcasts: Broadcasts = NO_BROADCASTS;
  /** Behind the last message that was taken. */
  private place = NO_BROADCASTS.end;
  private wasTooSlow = false;

  /** From now on the messages of these are for it, after it has taken the last of those it followed before. */
  follow(broadcasts: Broadcasts): void {
    this.catchUp();
    this.broadcasts = broadcasts;
    this.place = broadcasts.end;
  }

  /** Takes what is new. Closes nothing: the host hears of an end, and what it sends then would overtake a fan-out. */
  catchUp(): void {
    if (!this.isBehind) return;
    const span = this.broadcasts.since(this.place);
    this.place = this.broadcasts.end;
    if (this.takeWhole(span)) return;
    for (const part of span.partsOf(this.mostAtOnce)) {
      if (this.takeWhole(part)) continue;
      this.makeRoom();
      if (!this.takeWhole(part)) this.takeEach(part);
    }
  }

  /** Whether there was no room for a message: it gets none after that, and is to be closed. */
  get isTooSlow(): boolean {
    return this.wasTooSlow;
  }

  /** Takes all of it, in the usual case that nothing has to be decided about each; false where that is not so. */
  protected abstract takeWhole(span: BroadcastSpan): boolean;

  /** Takes one message. */
  protected abstract takeOne(message: OutgoingMessage): EnqueueVerdict;

  /** Lets go of what can be at once. */
  protected abstract makeRoom(): void;

  /** So many bytes have room where nothing waits. */
  protected abstract get mostAtOnce(): number;

  /** Bytes of what is new. */
  protected get untakenBytes(): number {
    return this.isBehind ? this.broadcasts.since(this.place).bytes : 0;
  }

  private get isBehind(): boolean {
    return this.place !== this.broadcasts.end;
  }

  private takeEach({ messages }: BroadcastSpan): void {
    for (const message of messages) {
      // Who is too slow for one is to get none after it, or there would be a hole.
      const verdict = this.wasTooSlow ? 'closed' : this.takeOne(message);
      if (verdict !== 'queued') message.recordDropped(1, verdict);
      if (verdict === 'overflow') this.wasTooSlow = true;
    }
  }
}
