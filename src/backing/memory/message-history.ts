/**
 * The kept messages of all targets, within three bounds: messages of one target, age, and bytes of all together.
 *
 * There is no timer. A target is trimmed when it is added to or read; targets that nothing is added to any more are
 * dropped from the front of the quiet order with each append, so memory follows what is sent. A message that several
 * targets hold is one record and weighs once; the targets count as its holders.
 *
 * Invariants: `bytes` is the weight of all records with a holder and of all histories in the indices; a history in an
 * index, and only such a one or that of everyone, is in the quiet order.
 */
import type { Target } from '../../core/delivery-target.js';
import type { MessageLogLimits } from '../message-log.interface.js';
import { ENTRY_OVERHEAD_BYTES } from './message-entry.js';
import type { MessageEntry } from './message-entry.js';
import { QuietOrder } from './quiet-order.js';
import { TARGET_OVERHEAD_BYTES, TargetHistory } from './target-history.js';
import { TargetIndex } from './target-index.js';

/** What is held for one audience. */
export interface AudienceHistory {
  readonly histories: readonly TargetHistory[];
  /** Up to where any of it was lost. */
  readonly lostThrough: number;
}

/** Keeps messages by target and drops what exceeds the bounds. */
export class MessageHistory {
  private readonly everyone: TargetHistory;
  private readonly users: TargetIndex;
  private readonly groups: TargetIndex;
  private readonly order = new QuietOrder();
  private readonly maxAgeMs: number;
  private readonly maxBytes: number;
  private heldBytes = 0;

  constructor({ historyCount, historySeconds, historyAllCount, maxHistoryBytes }: Required<MessageLogLimits>) {
    this.everyone = new TargetHistory('', historyAllCount, 0);
    this.users = new TargetIndex(historyCount);
    this.groups = new TargetIndex(historyCount);
    this.maxAgeMs = historySeconds * 1000;
    this.maxBytes = maxHistoryBytes;
  }

  /** What is held weighs so much, about. */
  get bytes(): number {
    return this.heldBytes;
  }

  /** Keeps the newest message for its target. */
  keep(entry: MessageEntry, target: Target, nowMs: number): void {
    this.dropQuiet(nowMs);
    // Held here until all targets have it, so that one that is full at once does not let it go for the others.
    entry.holders = 1;
    this.heldBytes += weightOf(entry);
    if (target.all) this.keepFor(this.everyone, entry, nowMs);
    else {
      for (const user of target.users ?? []) this.keepFor(this.open(this.users, user), entry, nowMs);
      for (const group of target.groups ?? []) this.keepFor(this.open(this.groups, group), entry, nowMs);
    }
    this.release(entry);
    while (this.heldBytes > this.maxBytes && this.order.quietest) this.shrink(this.order.quietest, nowMs);
  }

  /** What is held for this user with these groups, and for everyone. Good until the next call. */
  of(userId: string, groups: Iterable<string>, nowMs: number): AudienceHistory {
    const histories: TargetHistory[] = [];
    let lostThrough = this.look(this.everyone, histories, nowMs);
    lostThrough = Math.max(lostThrough, this.lookUp(this.users, userId, histories, nowMs));
    for (const group of groups) {
      lostThrough = Math.max(lostThrough, this.lookUp(this.groups, group, histories, nowMs));
    }
    return { histories, lostThrough };
  }

  private lookUp(index: TargetIndex, name: string, histories: TargetHistory[], nowMs: number): number {
    const history = index.find(name);
    return history ? this.look(history, histories, nowMs) : index.lostThroughOf(name);
  }

  private look(history: TargetHistory, histories: TargetHistory[], nowMs: number): number {
    this.trimOld(history, nowMs);
    if (history.size > 0) histories.push(history);
    return history.lostThrough;
  }

  private open(index: TargetIndex, name: string): TargetHistory {
    const known = index.find(name);
    if (known) return known;
    this.heldBytes += TARGET_OVERHEAD_BYTES;
    return index.create(name);
  }

  private keepFor(history: TargetHistory, entry: MessageEntry, nowMs: number): void {
    // A target may name the same user or group twice.
    if (history.newest === entry) return;
    this.order.moveToEnd(history);
    const collapseId = entry.terms?.collapseId;
    if (collapseId !== undefined) this.release(history.takeCollapsed(collapseId));
    history.add(entry);
    entry.holders++;
    if (history.size > history.maxCount) this.release(history.loseOldest(nowMs));
    this.trimOld(history, nowMs);
  }

  /** Drops targets whose newest message is old: they are the first in the quiet order. */
  private dropQuiet(nowMs: number): void {
    for (let quietest = this.order.quietest; quietest; quietest = this.order.quietest) {
      const { newest } = quietest;
      if (newest && !this.isOld(newest, nowMs)) return;
      this.trimOld(quietest, nowMs);
      while (quietest.size > 0) this.release(quietest.loseOldest(nowMs));
      this.drop(quietest);
    }
  }

  /** Makes room: the target loses its oldest message, and with its last one its history. */
  private shrink(history: TargetHistory, nowMs: number): void {
    this.release(history.loseOldest(nowMs));
    if (history.size === 0) this.drop(history);
  }

  private drop(history: TargetHistory): void {
    this.order.remove(history);
    const isIndexed = this.users.drop(history) || this.groups.drop(history);
    if (isIndexed) this.heldBytes -= TARGET_OVERHEAD_BYTES;
  }

  private trimOld(history: TargetHistory, nowMs: number): void {
    for (let { oldest } = history; oldest && this.isOld(oldest, nowMs); { oldest } = history) {
      this.release(history.loseOldest(nowMs));
    }
  }

  /** A message from far ahead counts as old too: the clock was set back, and it would be kept for as long as that. */
  private isOld({ storedAtMs }: MessageEntry, nowMs: number): boolean {
    return Math.abs(nowMs - storedAtMs) >= this.maxAgeMs;
  }

  private release(entry: MessageEntry | undefined): void {
    if (entry && --entry.holders === 0) this.heldBytes -= weightOf(entry);
  }
}

function weightOf({ byteLength }: MessageEntry): number {
  return ENTRY_OVERHEAD_BYTES + byteLength;
}
