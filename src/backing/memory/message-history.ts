/**
 * The kept messages of all targets of one log, within three bounds: messages of one target, age, and the bytes of all logs
 * together. A message that several targets hold is one record and weighs once; the targets count as its holders.
 *
 * A target is trimmed when it is added to or read. What bounds all logs together is the {@link HistoryShelf}'s.
 */
import type { Target } from '../../core/delivery-target.js';
import type { MessageLogLimits } from '../message-log.interface.js';
import { HistoryShelf } from './history-shelf.js';
import type { MessageEntry } from './message-entry.js';
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
    private readonly shelf = new HistoryShelf(limits),
  ) {
    const { historyCount, historyAllCount } = limits;
    this.everyone = new TargetHistory('', historyAllCount, 0);
    this.users = new TargetIndex(historyCount);
    this.groups = new TargetIndex(historyCount);
  }

  /** What is held weighs so much, about; that of other logs on the same shelf included. */
  get bytes(): number {
    return this.shelf.bytes;
  }

  /** Keeps the newest message for its target. */
  keep(entry: MessageEntry, target: Target, nowMs: number): void {
    this.shelf.begin(entry, nowMs);
    if (target.all) this.shelf.add(this.everyone, entry, nowMs);
    else {
      for (const user of target.users ?? []) this.shelf.add(this.open(this.users, user), entry, nowMs);
      for (const group of target.groups ?? []) this.shelf.add(this.open(this.groups, group), entry, nowMs);
    }
    this.shelf.end(entry, nowMs);
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
