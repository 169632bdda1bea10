import type { MessageEntry } from './message-entry.js';
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
  head: MessageEntry;
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
    private readonly sources: readonly ReplaySource[],
    private readonly after: number,
  ) {
    this.lastNumber = after;
    for (const source of sources) {
      this.lastNumber = Math.min(this.lastNumber, source.after);
      const index = source.history.firstIndexAfter(source.after);
      const head = source.history.at(index);
      if (head) this.remainders.push({ source, index, head });
    }
  }

  /** The next message; undefined at the end. */
  next(): MessageEntry | undefined {
    for (;;) {
      const next = this.nextOfAll();
      if (!next || next.number > this.after || !this.hasBeenHad(next)) return next;
    }
  }

  private nextOfAll(): MessageEntry | undefined {
    let next: MessageEntry | undefined;
    let hasEnded = false;
    for (const remainder of this.remainders) {
      // Its head was the last message, perhaps by way of another history that holds it too.
      if (remainder.head.number <= this.lastNumber && !advance(remainder)) hasEnded = true;
      else if (!next || remainder.head.number < next.number) next = remainder.head;
    }
    if (hasEnded) this.removeEnded();
    if (next) this.lastNumber = next.number;
    return next;
  }

  private hasBeenHad({ number }: MessageEntry): boolean {
    return this.sources.some(({ history, isJoined }) => {
      return !isJoined && history.at(history.firstIndexAfter(number - 1))?.number === number;
    });
  }

  private removeEnded(): void {
    for (let index = this.remainders.length - 1; index >= 0; index--) {
      const remainder = this.remainders[index];
      if (remainder && !remainder.source.history.at(remainder.index)) this.remainders.splice(index, 1);
    }
  }
}

/** Goes to the message after the head; false at the end, where the head stays as it is. */
function advance(remainder: Remainder): boolean {
  const head = remainder.source.history.at(++remainder.index);
  if (!head) return false;
  remainder.head = head;
  return true;
}
