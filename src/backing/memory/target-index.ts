import { ForgottenTargets } from './forgotten-targets.js';
import type { MessageStore } from './message-store.js';
import { TargetHistory } from './target-history.js';
import type { HistoryIndex } from './target-history.js';

/** Users, or groups, of whom nothing is held any more and of whom it is still known up to where they lost messages. */
const MAX_FORGOTTEN = 100_000;

/** The histories of one kind of target, users or groups, by name. */
export class TargetIndex implements HistoryIndex {
  private readonly histories = new Map<string, TargetHistory>();
  private readonly forgotten = new ForgottenTargets(MAX_FORGOTTEN);

  /** @param maxCount Most messages of one target. */
  constructor(
    private readonly maxCount: number,
    private readonly messages: MessageStore,
  ) {}

  find(name: string): TargetHistory | undefined {
    return this.histories.get(name);
  }

  /** Makes the history of a target that has none. */
  create(name: string): TargetHistory {
    const history = new TargetHistory(name, this.maxCount, this.forgotten.take(name), this.messages, this);
    this.histories.set(name, history);
    return history;
  }

  drop(history: TargetHistory): void {
    this.histories.delete(history.name);
    this.forgotten.remember(history.name, history.lostThrough);
  }

  /** The histories that there are. */
  all(): Iterable<TargetHistory> {
    return this.histories.values();
  }

  /** Up to where a target lost messages, whether or not it has a history. */
  lostThroughOf(name: string): number {
    return this.histories.get(name)?.lostThrough ?? this.forgotten.lostThroughOf(name);
  }
}
