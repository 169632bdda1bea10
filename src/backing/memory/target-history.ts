import type { MessageHandle, MessageStore } from './message-store.js';

/** What a target weighs beside the messages that it holds: its record, its name and its place in the index. */
export const TARGET_OVERHEAD_BYTES = 300;

/** Where a history is found by the name of its target. */
export interface HistoryIndex {
  /** Forgets the history; up to where it lost messages is remembered. */
  drop(history: TargetHistory): void;
}

/** So many free places at the front of a list are not worth moving the rest for. */
const FREE_FRONT = 32;

/**
 * The kept messages of one target, oldest first, and up to where messages of it were lost.
 *
 * The list is taken from at the front and added to at the end. What was taken leaves free places at the front, which
 * are closed when they are half of the list, so both ends cost the same at any length.
 */
export class TargetHistory {
  /** The number of the newest message that was kept for this target and is no longer held although it was not over. */
  lostThrough: number;
  /** Neighbours in the order of being added to, for {@link QuietOrder} alone. */
  quieter: TargetHistory | undefined = undefined;
  busier: TargetHistory | undefined = undefined;
  isOrdered = false;

  private entries: MessageHandle[] = [];
  private front = 0;
  /** By collapse id; made when there is the first. */
  private collapsible: Map<string, MessageHandle> | undefined = undefined;

  constructor(
    readonly name: string,
    readonly maxCount: number,
    lostThrough: number,
    private readonly messages: MessageStore,
    /** Undefined for that of everyone, which is always there. */
    readonly index?: HistoryIndex,
  ) {
    this.lostThrough = lostThrough;
  }

  get size(): number {
    return this.entries.length - this.front;
  }

  get oldest(): MessageHandle | undefined {
    return this.entries[this.front];
  }

  get newest(): MessageHandle | undefined {
    return this.size === 0 ? undefined : this.entries[this.entries.length - 1];
  }

  /** The message at this index of {@link firstIndexAfter} or later; undefined past the end. */
  at(index: number): MessageHandle | undefined {
    return this.entries[index];
  }

  /** Where the messages with a number past this one begin. Good until the history changes. */
  firstIndexAfter(number: number): number {
    let low = this.front;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.messages.numberOf(this.entries[middle] as MessageHandle) <= number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Adds the newest message. Takes out, and answers, the one that it takes the place of; that one is not lost. */
  add(message: MessageHandle): MessageHandle | undefined {
    const collapseId = this.messages.termsOf(message)?.collapseId;
    const collapsed = collapseId === undefined ? undefined : this.collapse(collapseId, message);
    // A literal takes one place, the first push seventeen: most targets of a busy host have a message or two.
    if (this.entries.length === 0) this.entries = [message];
    else this.entries.push(message);
    return collapsed;
  }

  /** Takes the oldest message out. It is lost, unless its own time was over. */
  loseOldest(nowMs: number): MessageHandle | undefined {
    const { oldest } = this;
    if (oldest === undefined) return undefined;
    this.front++;
    if (this.front >= FREE_FRONT && this.front * 2 >= this.entries.length) {
      this.entries.splice(0, this.front);
      this.front = 0;
    }
    this.forgetCollapsible(oldest);
    if (!this.messages.isExpired(oldest, nowMs)) this.lostThrough = this.messages.numberOf(oldest);
    return oldest;
  }

  /** The message stands for its collapse id from now on; the one that did is taken out. */
  private collapse(collapseId: string, message: MessageHandle): MessageHandle | undefined {
    const older = this.collapsible?.get(collapseId);
    if (older !== undefined) this.entries.splice(this.firstIndexAfter(this.messages.numberOf(older) - 1), 1);
    (this.collapsible ??= new Map()).set(collapseId, message);
    return older;
  }

  private forgetCollapsible(message: MessageHandle): void {
    if (!this.collapsible) return;
    const collapseId = this.messages.termsOf(message)?.collapseId;
    if (collapseId === undefined) return;
    this.collapsible.delete(collapseId);
    if (this.collapsible.size === 0) this.collapsible = undefined;
  }
}
