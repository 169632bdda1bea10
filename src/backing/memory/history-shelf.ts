/**
 * What the histories of all tenants have in common: how much they may weigh together, how old a message may get, and which
 * target was quiet longest, whosever it is.
 *
 * There is no timer. Targets that nothing is added to any more are dropped from the front of the quiet order with each
 * message that is kept, so memory follows what is sent.
 *
 * Invariants: `bytes` is the weight of all records with a holder and of all histories in an index; a history in an index,
 * and only such a one or that of everyone, is in the quiet order.
 */
import type { MessageLogLimits } from '../message-log.interface.js';
import { MessageStore } from './message-store.js';
import type { KeptText, MessageHandle } from './message-store.js';
import type { MessageTerms } from './message-terms.js';
import { QuietOrder } from './quiet-order.js';
import { TARGET_OVERHEAD_BYTES } from './target-history.js';
import type { TargetHistory } from './target-history.js';

/**
 * Where messages of other lengths come than before, those that stay may leave slabs nearly empty. That may take half as much
 * again as may be held, and a slab or more of each length.
 */
const SPARSE_SHARE = 1.5;
const SPARSE_BYTES = 4 * 1024 * 1024;

/** Bounds what is kept, of one tenant or of all. */
export class HistoryShelf {
  /** Where the messages are. */
  readonly messages = new MessageStore();
  private readonly order = new QuietOrder();
  private readonly maxAgeMs: number;
  private readonly maxBytes: number;
  private readonly maxSlabBytes: number;
  private heldBytes = 0;
  /** When it was last looked for what is too old, and until when nothing can be: each message would look at cold memory. */
  private lookedAtMs = Number.POSITIVE_INFINITY;
  private freshUntilMs = Number.NEGATIVE_INFINITY;

  constructor({
    historySeconds,
    maxHistoryBytes,
  }: Pick<Required<MessageLogLimits>, 'historySeconds' | 'maxHistoryBytes'>) {
    this.maxAgeMs = historySeconds * 1000;
    this.maxBytes = maxHistoryBytes;
    this.maxSlabBytes = SPARSE_SHARE * maxHistoryBytes + SPARSE_BYTES;
  }

  /** What is held weighs so much, about. */
  get bytes(): number {
    return this.heldBytes;
  }

  /** Keeps a message. It is held here until {@link end}, so that one full target does not let it go for the others. */
  begin(message: KeptText, terms: MessageTerms | undefined): MessageHandle {
    this.dropQuiet(message.storedAtMs);
    const kept = this.messages.add(message, terms);
    this.heldBytes += this.messages.weightOf(kept);
    return kept;
  }

  /** All targets have the message. */
  end(message: MessageHandle, nowMs: number): void {
    this.release(message);
    for (let { quietest } = this.order; quietest && this.isOver; { quietest } = this.order)
      this.shrink(quietest, nowMs);
  }

  /** A target has got a history. */
  opened(): void {
    this.heldBytes += TARGET_OVERHEAD_BYTES;
  }

  /** Has the history hold the newest message. */
  add(history: TargetHistory, message: MessageHandle, nowMs: number): void {
    // A target may name the same user or group twice.
    if (history.newest === message) return;
    this.order.moveToEnd(history);
    this.release(history.add(message));
    this.messages.hold(message);
    if (history.size > history.maxCount) this.release(history.loseOldest(nowMs));
    this.trimOld(history, nowMs);
  }

  /** Drops what is too old from one history. */
  trimOld(history: TargetHistory, nowMs: number): void {
    for (let { oldest } = history; oldest !== undefined && this.isOld(oldest, nowMs); { oldest } = history) {
      this.release(history.loseOldest(nowMs));
    }
  }

  /** Drops a history with all that it holds. */
  drop(history: TargetHistory, nowMs: number): void {
    while (history.size > 0) this.release(history.loseOldest(nowMs));
    this.order.remove(history);
    if (!history.index) return;
    history.index.drop(history);
    this.heldBytes -= TARGET_OVERHEAD_BYTES;
  }

  /** Drops targets whose newest message is old: they are the first in the quiet order. */
  private dropQuiet(nowMs: number): void {
    // Where the clock was set back, they are looked at again.
    if (nowMs >= this.lookedAtMs && nowMs < this.freshUntilMs) return;
    this.lookedAtMs = nowMs;
    for (let { quietest } = this.order; quietest; { quietest } = this.order) {
      const { newest } = quietest;
      if (newest !== undefined && !this.isOld(newest, nowMs)) {
        this.freshUntilMs = this.messages.storedAtMsOf(newest) + this.maxAgeMs;
        return;
      }
      this.drop(quietest, nowMs);
    }
    this.freshUntilMs = nowMs + this.maxAgeMs;
  }

  /** Whether too much is held, or too much memory for what is held. */
  private get isOver(): boolean {
    return this.heldBytes > this.maxBytes || this.messages.slabBytes > this.maxSlabBytes;
  }

  /** Makes room: the target loses its oldest message, and with its last one its history. */
  private shrink(history: TargetHistory, nowMs: number): void {
    this.release(history.loseOldest(nowMs));
    if (history.size === 0) this.drop(history, nowMs);
  }

  /** A message from far ahead counts as old too: the clock was set back, and it would be kept for as long as that. */
  private isOld(message: MessageHandle, nowMs: number): boolean {
    return Math.abs(nowMs - this.messages.storedAtMsOf(message)) >= this.maxAgeMs;
  }

  private release(message: MessageHandle | undefined): void {
    if (message !== undefined) this.heldBytes -= this.messages.release(message);
  }
}
