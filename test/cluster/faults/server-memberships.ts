import { setTimeout as sleep } from 'node:timers/promises';
import { historyNow } from '../../history/history.js';
import type { MembershipChange } from '../../history/history.js';
import type { SeededRandom } from '../../history/seeded-random.js';
import type { RunningNode } from './cluster-node.js';
import { restOf } from './node-senders.js';

/** How long between two changes, and between two attempts at one, in milliseconds. */
const BETWEEN_MS = 60;

/** The server takes users into a group and out of it, by whichever node, and notes when. */
export class ServerMemberships {
  /** From when on a user's membership may change again: it is to be seen in between, on all nodes and for a while. */
  private readonly restsUntil = new Map<string, number>();

  constructor(
    private readonly nodes: readonly RunningNode[],
    private readonly random: SeededRandom,
    /** Where the changes are noted. */
    private readonly changes: MembershipChange[],
    /** So long after its answer a change may take effect, in milliseconds. */
    private readonly seenWithinMs: number,
  ) {}

  /** Goes on as long as it is wanted. */
  async keepChanging(isWanted: () => boolean, users: readonly string[], group: string): Promise<void> {
    const inside = new Set<string>();
    while (isWanted()) {
      const ready = users.filter((user) => (this.restsUntil.get(user) ?? 0) <= historyNow());
      if (ready.length > 0) {
        const user = this.random.pick(ready as [string, ...string[]]);
        await this.change(inside.has(user) ? 'leave' : 'join', user, group, isWanted);
        if (!inside.delete(user)) inside.add(user);
      }
      await sleep(BETWEEN_MS);
    }
  }

  /** Asks until it is done: what has no answer may have been done. */
  private async change(type: MembershipChange['type'], user: string, group: string, isWanted: () => boolean) {
    const change = { user, group, type, startedAt: historyNow(), finishedAt: Infinity };
    this.changes.push(change);
    const path = `/push/groups/${encodeURIComponent(group)}/members/${user}`;
    for (;;) {
      const rest = restOf(this.nodeWithoutLine());
      const asked = type === 'join' ? rest.put(path, {}) : rest.delete(path);
      const status = await asked.then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 204) break;
      if (!isWanted()) return;
      await sleep(BETWEEN_MS);
    }
    change.finishedAt = historyNow() + this.seenWithinMs;
    this.restsUntil.set(user, change.finishedAt + this.seenWithinMs / 2);
  }

  /** What a line that stands still holds back is carried out when it goes again: too late to know in which order. */
  private nodeWithoutLine(): RunningNode {
    const ready = this.nodes.filter(({ isUp, isOnLine }) => isUp && isOnLine !== true);
    return this.random.pick(ready as [RunningNode, ...RunningNode[]]);
  }
}
