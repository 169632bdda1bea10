/**
 * The kept messages of all targets of one log, within three bounds: messages of one target, age, and the bytes of all logs
 * together. A message that several targets hold is one record and weighs once; the targets count as its holders.
 *
 * A target is trimmed when it is added to or read. What bounds all logs together is the {@link HistoryShelf}'s.
 */
import type { Target } from '../../core/delivery-target.js';
import type { MessageLogLimits } from '../message-log.interface.js';
import { HistoryShelf } from './history-shelf.js';
import type { KeptText } from './message-store.js';
import type { MessageTerms } from './message-terms.js';
import { TargetHistory } from './target-history.js';
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

  constructor(
    limits: Required<MessageLogLimits>,
    private readonly shelf: HistoryShelf,
  ) {
    const { historyCount, historyAllCount } = limits;
    const { messages } = shelf;
    this.everyone = new TargetHistory('', historyAllCount, 0, messages);
    this.users = new TargetIndex(historyCount, messages);
    this.groups = new TargetIndex(historyCount, messages);
  }

  /** What is held weighs so much, about; that of other logs on the same shelf included. */
  get bytes(): number {
    return this.shelf.bytes;
  }

  /** Keeps the newest message for its target. */
  keep(message: KeptText, terms: MessageTerms | undefined, target: Target): void {
    const nowMs = message.storedAtMs;
    const kept = this.shelf.begin(message, terms);
    if (target.all) this.shelf.add(this.everyone, kept, nowMs);
    else {
      for (const user of target.users ?? []) this.shelf.add(this.open(this.users, user), kept, nowMs);
      for (const group of target.groups ?? []) this.shelf.add(this.open(this.groups, group), kept, nowMs);
    }
    this.shelf.end(kept, nowMs);
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

  /** What is held for this group alone. Good until the next call. */
  ofGroup(group: string, nowMs: number): AudienceHistory {
    const histories: TargetHistory[] = [];
    const lostThrough = this.lookUp(this.groups, group, histories, nowMs);
    return { histories, lostThrough };
  }

  /** Drops everything. */
  clear(nowMs: number): void {
    const all = [this.everyone, ...this.users.all(), ...this.groups.all()];
    for (const history of all) this.shelf.drop(history, nowMs);
  }

  private lookUp(index: TargetIndex, name: string, histories: TargetHistory[], nowMs: number): number {
    const history = index.find(name);
    return history ? this.look(history, histories, nowMs) : index.lostThroughOf(name);
  }

  private look(history: TargetHistory, histories: TargetHistory[], nowMs: number): number {
    this.shelf.trimOld(history, nowMs);
    if (history.size > 0) histories.push(history);
    return history.lostThrough;
  }

  private open(index: TargetIndex, name: string): TargetHistory {
    const known = index.find(name);
    if (known) return known;
    this.shelf.opened();
    return index.create(name);
  }
}
