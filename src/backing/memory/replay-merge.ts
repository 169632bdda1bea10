import type { MessageEntry } from './message-entry.js';
import type { TargetHistory } from './target-history.js';

/** What is left to read of one history. */
interface Remainder {
  readonly history: TargetHistory;
  index: number;
}

/**
 * Several histories as one, in the order of the log, each message once. Good until one of them changes.
 *
 * The next message is searched among the heads of all histories: for as many as one principal has, that is cheaper than
 * to keep them sorted.
 */
export class ReplayMerge {
  private readonly remainders: Remainder[];
  private number: number;

  /** @param after Messages up to this number are left out. */
  constructor(histories: readonly TargetHistory[], after: number) {
    this.remainders = histories.map((history) => ({ history, index: history.firstIndexAfter(after) }));
    this.number = after;
  }

  /** The next message; undefined at the end. */
  next(): MessageEntry | undefined {
    let next: MessageEntry | undefined;
    for (let index = this.remainders.length - 1; index >= 0; index--) {
      const head = this.headOf(index);
      if (head && (!next || head.number < next.number)) next = head;
    }
    if (next) this.number = next.number;
    return next;
  }

  /** The first message of a history that has not been had, perhaps by way of another one. A history at its end leaves. */
  private headOf(index: number): MessageEntry | undefined {
    const remainder = this.remainders[index];
    let head = remainder?.history.at(remainder.index);
    while (remainder && head && head.number <= this.number) head = remainder.history.at(++remainder.index);
    if (!head) this.remainders.splice(index, 1);
    return head;
  }
}
