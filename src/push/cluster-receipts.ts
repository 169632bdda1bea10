/**
 * What became of a message on the other nodes, for a sender that asks. The others are asked before the message is on its
 * way, so that they count it when it comes; the last few that came are looked through too, for where the message was
 * faster than the question. Messages that nobody asks about cost a place in a ring.
 *
 * Whom a message found is noted as it comes. Later the table may not know them any more: a poll is answered with it and
 * gone. Of a message that nobody has asked about yet it is noted where polls are open and it is cheap.
 */
import type { OtherNodes } from '../backing/node-link.interface.js';
import type { Delivery } from '../backing/message-log.interface.js';
import type { Clock } from '../core/clock.js';
import type { MatchCount, Target } from '../core/delivery-target.js';
import { DistinctIds } from '../core/distinct-ids.js';
import type { FanOut } from '../core/fan-out.js';
import type { OutgoingMessage } from '../core/outgoing-message.js';
import { messageIdOf } from '../protocol/frame-encoder.js';
import { askNodes } from './node-questions.js';
import type { AnswersTo, NodeReport } from './node-questions.js';

/** Messages of the last moment that may be asked about still. */
const RING_SIZE = 256;
/** Users of a message that found or names more are noted only where it is asked about beforehand. */
const FEW = 16;
/** A node answers so long before the asker would do without it. */
const JOURNEY_MS = 200;

const NOBODY: NodeReport = { connections: 0, users: DistinctIds.of([]).toJSON(), written: 0 };

/** Counts of the whole cluster. */
export interface ClusterReport {
  readonly matched: MatchCount;
  readonly written: number;
  /** A node gave no answer, or a connection has neither taken nor lost the message. */
  readonly partial?: boolean;
}

/** Asks for counts, and gives those of this node. */
export class ClusterReceipts {
  private readonly ring: Delivery[] = [];
  private ringNext = 0;
  private readonly awaited = new Map<string, (delivery: Delivery) => void>();
  /** Messages of this node that others are asked about. */
  private readonly asked = new Set<string>();
  private readonly found = new WeakMap<OutgoingMessage, readonly string[]>();

  constructor(
    private readonly nodes: OtherNodes,
    private readonly fanOut: FanOut,
    private readonly clock: Clock,
  ) {}

  /** Whether the counts of this node are those of all. */
  get isAlone(): boolean {
    return this.nodes.nodeCount === 1;
  }

  /** Takes note of a message that came to this node. */
  delivered(delivery: Delivery, target: Target): void {
    if (this.isAlone) return;
    this.ring[this.ringNext] = delivery;
    this.ringNext = (this.ringNext + 1) % RING_SIZE;
    const isAskedAbout = this.awaited.size > 0 || this.asked.size > 0;
    const id = isAskedAbout ? messageIdOf(delivery.message.text) : '';
    const answer = this.awaited.get(id);
    if (answer || this.asked.has(id) || (this.fanOut.hasPolls && isFew(delivery, target))) {
      this.found.set(delivery.message, [...this.presentUsersOf(delivery, target)]);
    }
    answer?.(delivery);
  }

  /**
   * Asks what becomes of a message that is about to be published. Never rejects: who cannot be asked does not answer. To be
   * followed by `published`.
   */
  ofOthers(messageId: string, target: Target, withinMs: number): Promise<AnswersTo<'report'>> {
    this.asked.add(messageId);
    const asked = askNodes(this.nodes, 'report', { messageId, target, withinMs }, { withinMs });
    return asked.catch(() => ({ answers: [], isPartial: true }));
  }

  /** The message has come, or never will. */
  published(messageId: string): void {
    this.asked.delete(messageId);
  }

  /** Adds what became of the message here. */
  total(here: Delivery, target: Target, { answers, isPartial }: AnswersTo<'report'>): ClusterReport {
    const reports = answers.filter((answer) => answer !== null);
    const users = DistinctIds.of(this.usersOf(here, target));
    let { connections } = here.matched;
    let { written } = here.message;
    for (const report of reports) {
      users.merge(report.users);
      connections += report.connections;
      written += report.written;
    }
    const isFinal = here.message.isSettled && !reports.some(({ isUnsettled }) => isUnsettled);
    const isWhole = isFinal && !isPartial && reports.length === answers.length;
    return { matched: { users: users.size, connections }, written, ...(!isWhole && { partial: true }) };
  }

  /** What another node is to be told of a message; null where it did not come in time. */
  async report(messageId: string, target: Target, withinMs: number): Promise<NodeReport | null> {
    const known = this.recent(messageId);
    // A node that has nobody of those whom it names does not hear of it, and need not wait to say so.
    if (!known && !this.fanOut.reaches(target)) return NOBODY;
    const deadlineMs = this.clock.now() + Math.max(withinMs - JOURNEY_MS, withinMs / 2);
    const delivery = known ?? (await this.next(messageId, deadlineMs));
    if (!delivery) return null;
    await settled(delivery.message, this.clock, deadlineMs - this.clock.now());
    const users = DistinctIds.of(this.usersOf(delivery, target)).toJSON();
    const { written, isSettled } = delivery.message;
    return { connections: delivery.matched.connections, users, written, ...(!isSettled && { isUnsettled: true }) };
  }

  /** Those whom it found, or where they were not noted those who are there now. */
  private usersOf(delivery: Delivery, target: Target): Iterable<string> {
    return this.found.get(delivery.message) ?? this.presentUsersOf(delivery, target);
  }

  private presentUsersOf({ matched }: Delivery, target: Target): Iterable<string> {
    return matched.connections > 0 ? this.fanOut.userIdsOf(target) : [];
  }

  private recent(messageId: string): Delivery | undefined {
    return this.ring.find(({ message }) => messageIdOf(message.text) === messageId);
  }

  private next(messageId: string, deadlineMs: number): Promise<Delivery | undefined> {
    return new Promise((resolve) => {
      const finish = (delivery: Delivery | undefined) => {
        cancel();
        this.awaited.delete(messageId);
        resolve(delivery);
      };
      const cancel = this.clock.after(deadlineMs - this.clock.now(), () => finish(undefined));
      this.awaited.set(messageId, finish);
    });
  }
}

function isFew({ matched }: Delivery, target: Target): boolean {
  if (matched.connections === 0 || matched.connections > FEW) return false;
  if (target.all) return !target.except;
  const { users, groups, connections, except } = target;
  return [users, groups, connections, except?.users, except?.groups, except?.connections].every(
    (names) => (names?.length ?? 0) <= FEW,
  );
}

/** Resolves when all connections that the message was queued for have taken or lost it, or the time is over. */
export async function settled(message: OutgoingMessage, clock: Clock, withinMs: number): Promise<void> {
  if (message.isSettled) return;
  await new Promise<void>((resolve) => {
    const cancel = clock.after(withinMs, resolve);
    message.onceSettled(() => {
      cancel();
      resolve();
    });
  });
}
