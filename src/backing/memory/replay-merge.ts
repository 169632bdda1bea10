import type { MessageHandle, MessageStore } from './message-store.js';
import type { TargetHistory } from './target-history.js';

/** One history of those that are replayed. */
export interface ReplaySource {
  readonly history: TargetHistory;
  /** Messages up to this number are left out. */
  readonly after: number;
  /** The reader came into the group while it was live: what others of its histories hold, it has had. */
  readonly isJoined: boolean;
}

/** What is left to read of one history, which is at least its head. */
interface Remainder {
  readonly source: ReplaySource;
  index: number;
  head: MessageHandle;
  headNumber: number;
}

/**
 * Several histories as one, in the order of the log, each message once. Good until one of them changes.
 *
 * The next message is searched among the heads of all histories: for as many as one principal has, that is cheaper than
 * to keep them sorted.
 */
export class ReplayMerge {
  private readonly remainders: Remainder[] = [];
  private lastNumber: number;

  /** @param after Where the reader stands: what lies before it comes only from groups that it has joined. */
  constructor(
    private readonly messages: MessageStore,
    private readonly sources: readonly ReplaySource[],
    private readonly after: number,
  ) {
    this.lastNumber = after;
    for (const source of sources) {
      this.lastNumber = Math.min(this.lastNumber, source.after);
      const index = source.history.firstIndexAfter(source.after);
      const head = source.history.at(index);
      if (head !== undefined) this.remainders.push({ source, index, head, headNumber: messages.numberOf(head) });
    }
  }

  /** The next message; undefined at the end. */
  next(): MessageHandle | undefined {
    for (;;) {
      const next = this.nextOfAll();
      if (next === undefined || this.lastNumber > this.after || !this.hasBeenHad(this.lastNumber)) return next;
    }
  }

  private nextOfAll(): MessageHandle | undefined {
    let next: Remainder | undefined;
    let hasEnded = false;
    for (const remainder of this.remainders) {
      // Its head was the last message, perhaps by way of another history that holds it too.
      if (remainder.headNumber <= this.lastNumber && !this.advance(remainder)) hasEnded = true;
      else if (!next || remainder.headNumber < next.headNumber) next = remainder;
    }
    if (hasEnded) this.removeEnded();
    if (next) this.lastNumber = next.headNumber;
    return next?.head;
  }

  private hasBeenHad(number: number): boolean {
    return this.sources.some(({ history, isJoined }) => {
      if (isJoined) return false;
      const found = history.at(history.firstIndexAfter(number - 1));
      return found !== undefined && this.messages.numberOf(found) === number;
    });
  }

  private removeEnded(): void {
    for (let index = this.remainders.length - 1; index >= 0; index--) {
      const remainder = this.remainders[index];
      if (remainder && remainder.source.history.at(remainder.index) === undefined) this.remainders.splice(index, 1);
    }
  }

  /** Goes to the message after the head; false at the end, where the head stays as it is. */
  private advance(remainder: Remainder): boolean {
    const head = remainder.source.history.at(++remainder.index);
    if (head === undefined) return false;
    remainder.head = head;
    remainder.headNumber = this.messages.numberOf(head);
    return true;
  }
}
