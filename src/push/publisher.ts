import type { Delivery, MessageLog, MessageRouting } from '../backing/message-log.interface.js';
import type { Clock } from '../core/clock.js';
import type { Target } from '../core/delivery-target.js';
import type { FlushScheduler } from '../core/flush-scheduler.js';
import { PushError } from '../core/push-error.js';
import type { SendOutcome } from '../core/push-counters.js';
import { Telemetry } from '../core/telemetry.js';
import { settled } from './cluster-receipts.js';
import type { ClusterReceipts } from './cluster-receipts.js';
import type { MessageDraft, MessageStamper } from './message-stamper.js';
import type { PushReceipt } from './push-types.js';
import type { TenantWatch } from './tenant-watch.js';

/** The one way of a checked message into the queues: stamp, log, deliver, count. */
export class Publisher {
  private isOver = false;

  constructor(
    private readonly stamper: MessageStamper,
    private readonly log: MessageLog,
    private readonly scheduler: FlushScheduler,
    private readonly clock: Clock,
    /** What becomes of messages on other nodes; none where there are no others. */
    private readonly receipts?: ClusterReceipts,
    private readonly telemetry = new Telemetry(),
    /** Whose messages these are; undefined for the default tenant. */
    private readonly tenant?: string,
    /** Sees what is sent, while somebody looks. */
    private readonly watch?: TenantWatch,
  ) {}

  /**
   * Delivers the message. Resolves after the first slice is flushed, or with `reportWithinMs` when every recipient has
   * taken or lost the message or the time is over: every one of the cluster, where there are other nodes. Where the time was
   * over first the receipt is partial.
   */
  publish(target: Target, draft: MessageDraft, reportWithinMs?: number): Promise<PushReceipt> {
    const { tracer } = this.telemetry;
    if (!tracer) return this.carryOut(target, draft, reportWithinMs);
    return tracer.publish(draft.event, (traceparent) => this.carryOut(target, draft, reportWithinMs, traceparent));
  }

  /** Refuses what is sent from now on: the application has ended. */
  end(): void {
    this.isOver = true;
  }

  private async carryOut(
    target: Target,
    draft: MessageDraft,
    reportWithinMs?: number,
    traceparent?: string,
  ): Promise<PushReceipt> {
    if (this.isOver) throw new PushError('PUSH_ERR_UNAVAILABLE', 'the application has ended: nobody would get it');
    const stamped = this.stamper.stamp(draft);
    const content = traceparent === undefined ? stamped : { ...stamped, traceparent };
    const isAlone = this.receipts?.isAlone ?? true;
    const asksOthers = !isAlone && reportWithinMs !== undefined;
    const others = asksOthers ? this.receipts?.ofOthers(content.id, target, reportWithinMs) : undefined;
    let here: Delivery;
    try {
      const delivery = this.log.publish(content, this.routingOf(target, draft));
      // An await costs a turn of the microtask queue, which a log in this process need not pay.
      here = delivery instanceof Promise ? await delivery : delivery;
    } finally {
      if (others) this.receipts?.published(content.id);
    }
    const { message, matched } = here;
    const { counters, listeners } = this.telemetry;
    counters.sends.add('accepted');
    counters.events?.add(draft.event);
    if (this.watch?.isOn) {
      this.watch.accepted({ id: content.id, event: draft.event, target, isKept: draft.store !== 'none' });
    }
    listeners.sent?.({
      messageId: content.id,
      tenant: this.tenant,
      event: draft.event,
      target,
      from: draft.from,
      by: draft.by ?? draft.from,
      matched,
    });
    if (matched.connections > 0) {
      await this.scheduler.nextSlice();
      const isWaitedFor = reportWithinMs !== undefined && !here.comesByReading;
      if (isWaitedFor) await settled(message, this.clock, reportWithinMs);
    }
    const { id } = content;
    if (!this.receipts || !others) {
      const isPartial = reportWithinMs !== undefined && !message.isSettled;
      const scope = isAlone ? 'cluster' : 'node';
      return { id, duplicate: false, matched, written: message.written, scope, ...(isPartial && { partial: true }) };
    }
    return { id, duplicate: false, ...this.receipts.total(here, target, await others), scope: 'cluster' };
  }

  /** Counts a send that came to nothing, here or before it came here. */
  recordFailure(cause: unknown): void {
    this.telemetry.counters.sends.add(outcomeOf(cause));
  }

  /** Counts a send that was answered with the receipt of an earlier one. */
  recordDuplicate(): void {
    this.telemetry.counters.sends.add('duplicate');
  }

  private routingOf(
    target: Target,
    { store = 'history', ttlSeconds, collapseKey, onceId }: MessageDraft,
  ): MessageRouting {
    const expiresAtMs = ttlSeconds === undefined ? undefined : this.clock.now() + ttlSeconds * 1000;
    return { target, store, expiresAtMs, collapseKey, onceId };
  }
}

function outcomeOf(cause: unknown): SendOutcome {
  if (!(cause instanceof PushError)) return 'unavailable';
  if (cause.code === 'PUSH_ERR_PUBLISH_UNKNOWN') return 'unknown';
  return cause.status === 503 ? 'unavailable' : 'refused';
}
