/**
 * What is seen of one tenant on this node while somebody looks: how much is sent, matched, written and dropped, and what
 * becomes of the messages of single users.
 *
 * Whoever looks says so again and again ({@link look}); who stops, for whatever reason, is forgotten after a while. While
 * nobody looks there is no observer at the fan-out and no trace at any queue: what remains is a look whether there is one.
 */
import type { Cancel, Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import type { DeliveryObserver, DeliveryOutcome } from '../core/delivery-observer.interface.js';
import type { Target } from '../core/delivery-target.js';
import type { FanOut } from '../core/fan-out.js';
import type { MessageObserver } from '../core/message-observer.interface.js';
import type { OutgoingMessage } from '../core/outgoing-message.js';
import type { DropReason } from '../core/push-counters.js';
import type { NodeSample, TraceEntry } from '../protocol/console-frames.js';
import { reasonOf } from './target-reason.js';
import { ConnectionTrace, describeConnection, describeMessage, UserTrace } from './user-trace.js';

/** Who does not look again for so long has gone. */
export const LOOK_MS = 6_000;
/** Most users whose messages are followed on a node, of one tenant; those past it are not. */
export const MAX_TRACED_USERS = 50;

/** A message that was accepted here. */
export interface AcceptedMessage {
  readonly id: string;
  readonly event: string;
  readonly target: Target;
  readonly isKept: boolean;
}

/** Watches one tenant. */
export class TenantWatch implements DeliveryObserver, MessageObserver {
  private readonly traces = new Map<string, UserTrace>();
  private untilMs = 0;
  private cancel: Cancel | undefined;
  private counts = emptyCounts();

  constructor(
    private readonly registry: ConnectionRegistry,
    private readonly fanOut: Pick<FanOut, 'observer'>,
    private readonly clock: Clock,
  ) {}

  /** Whether somebody looks. */
  get isOn(): boolean {
    return this.cancel !== undefined;
  }

  /** Somebody looks, and for a while from now on: at the counts, and at these users. */
  look(userIds: readonly string[]): void {
    const nowMs = this.clock.now();
    this.untilMs = nowMs + LOOK_MS;
    if (!this.cancel) {
      this.counts = emptyCounts();
      this.fanOut.observer = this;
      this.cancel = this.clock.every(LOOK_MS, () => this.forget());
    }
    for (const userId of userIds) this.follow(userId, this.untilMs);
  }

  /** What was counted since somebody began to look. */
  take(): NodeSample['counts'] {
    const { dropped, ...counts } = this.counts;
    return { ...counts, dropped: { ...dropped } };
  }

  /** What became of messages for the user since this entry. */
  entriesOf(userId: string, after: number): readonly TraceEntry[] {
    return this.traces.get(userId)?.after(after) ?? [];
  }

  delivered(message: OutgoingMessage, target: Target, { matched, dropped }: DeliveryOutcome): void {
    message.observer = this;
    this.counts.matched += matched;
    for (const [reason, connections] of Object.entries(dropped)) this.dropped(connections, reason as DropReason);
    for (const [userId, trace] of this.traces) this.trace(trace, userId, message, target);
  }

  written(connections: number): void {
    this.counts.written += connections;
  }

  dropped(connections: number, reason: DropReason): void {
    if (connections > 0) this.counts.dropped[reason] = (this.counts.dropped[reason] ?? 0) + connections;
  }

  /** A message was accepted here. Called only while {@link isOn}. */
  accepted({ id, event, target, isKept }: AcceptedMessage): void {
    this.counts.sends++;
    for (const [userId, trace] of this.traces) {
      const isForAll = target.all === true;
      const isNamed = isForAll || target.users?.includes(userId) === true;
      if (!isNamed || target.except?.users?.includes(userId)) continue;
      trace.add({ step: 'sent', why: isForAll ? 'all' : 'user', messageId: id, event, isKept });
    }
  }

  /** A connection is in the routing table. */
  opened(connection: Connection): void {
    const trace = this.cancel && this.traces.get(connection.userId);
    if (!trace) return;
    connection.outbound.trace = new ConnectionTrace(trace, connection);
    trace.add({ step: 'connected', ...describeConnection(connection) });
  }

  /** It is there no more. `how`: its close code, or what there was in its place. */
  ended(connection: Connection, how: string): void {
    this.traces.get(connection.userId)?.add({ step: 'disconnected', why: how, ...describeConnection(connection) });
  }

  private trace(trace: UserTrace, userId: string, message: OutgoingMessage, target: Target): void {
    for (const connection of this.registry.ofUser(userId)) {
      const { by, except } = reasonOf(target, connection, this.registry);
      if (!by) continue;
      const about = { ...describeMessage(message), ...describeConnection(connection) };
      if (except) trace.add({ ...about, step: 'excluded', ...except });
      else trace.add({ ...about, ...by });
      if (!except && connection.outbound.holding) trace.add({ ...about, step: 'waiting', why: 'replay' });
    }
  }

  private follow(userId: string, untilMs: number): void {
    let trace = this.traces.get(userId);
    if (!trace) {
      if (this.traces.size >= MAX_TRACED_USERS) return;
      trace = new UserTrace(() => this.clock.now());
      this.traces.set(userId, trace);
      for (const connection of this.registry.ofUser(userId)) {
        connection.outbound.trace = new ConnectionTrace(trace, connection);
      }
    }
    trace.untilMs = untilMs;
  }

  private forget(): void {
    const nowMs = this.clock.now();
    for (const [userId, { untilMs }] of this.traces) {
      if (untilMs > nowMs) continue;
      this.traces.delete(userId);
      for (const { outbound } of this.registry.ofUser(userId)) outbound.trace = undefined;
    }
    if (this.untilMs > nowMs) return;
    this.cancel?.();
    this.cancel = undefined;
    this.fanOut.observer = undefined;
  }
}

function emptyCounts() {
  return { sends: 0, matched: 0, written: 0, dropped: {} as Record<string, number> };
}
