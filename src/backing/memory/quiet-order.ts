import type { TargetHistory } from './target-history.js';

/**
 * Histories in the order in which they were last added to, as a linked list through them: a send moves one to the end
 * without an allocation, and those that are due to be dropped are always at the front.
 */
export class QuietOrder {
  private first: TargetHistory | undefined;
  private last: TargetHistory | undefined;

  /** The history that nothing was added to for longest. */
  get quietest(): TargetHistory | undefined {
    return this.first;
  }

  /** Makes it the last one, whether or not it was in the order before. */
  moveToEnd(history: TargetHistory): void {
    if (history === this.last) return;
    this.remove(history);
    history.quieter = this.last;
    history.isOrdered = true;
    if (this.last) this.last.busier = history;
    else this.first = history;
    this.last = history;
  }

  /** Takes it out; nothing happens when it is not in the order. */
  remove(history: TargetHistory): void {
    if (!history.isOrdered) return;
    const { quieter, busier } = history;
    if (quieter) quieter.busier = busier;
    else this.first = busier;
    if (busier) busier.quieter = quieter;
    else this.last = quieter;
    history.quieter = undefined;
    history.busier = undefined;
    history.isOrdered = false;
  }
}
