import { ForgottenTargets } from './forgotten-targets.js';
import { TargetHistory } from './target-history.js';

/** Users, or groups, of whom nothing is held any more and of whom it is still known up to where they lost messages. */
const MAX_FORGOTTEN = 100_000;

/** The histories of one kind of target, users or groups, by name. */
export class TargetIndex {
  private readonly histories = new Map<string, TargetHistory>();
  private readonly forgotten = new ForgottenTargets(MAX_FORGOTTEN);

  /** @param maxCount Most messages of one target. */
  constructor(private readonly maxCount: number) {}

  find(name: string): TargetHistory | undefined {
    return this.histories.get(name);
  }

  /** Makes the history of a target that has none. */
  create(name: string): TargetHistory {
    const history = new TargetHistory(name, this.maxCount, this.forgotten.take(name));
    this.histories.set(name, history);
    return history;
  }

  /** Drops the history of a target; up to where it lost messages is remembered. */
  drop(history: TargetHistory): boolean {
    if (this.histories.get(history.name) !== history) return false;
    this.histories.delete(history.name);
    this.forgotten.remember(history.name, history.lostThrough);
    return true;
  }

  /** Up to where a target lost messages, whether or not it has a history. */
  lostThroughOf(name: string): number {
    return this.histories.get(name)?.lostThrough ?? this.forgotten.lostThroughOf(name);
  }
}
