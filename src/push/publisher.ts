import type { MessageLog, MessageRouting } from '../backing/message-log.interface.js';
import type { Clock } from '../core/clock.js';
import type { Target } from '../core/delivery-target.js';
import type { FlushScheduler } from '../core/flush-scheduler.js';
import type { OutgoingMessage } from '../core/outgoing-message.js';
import type { MessageDraft, MessageStamper } from './message-stamper.js';
import type { PushReceipt } from './push-types.js';

/** The one way of a checked message into the queues: stamp, log, deliver, count. */
export class Publisher {
  constructor(
    private readonly stamper: MessageStamper,
    private readonly log: MessageLog,
    private readonly scheduler: FlushScheduler,
    private readonly clock: Clock,
  ) {}

  /**
   * Delivers the message. Resolves after the first slice is flushed, or with `reportWithinMs` when every recipient has
   * taken or lost the message or the time is over.
   */
  async publish(target: Target, draft: MessageDraft, reportWithinMs?: number): Promise<PushReceipt> {
    const content = this.stamper.stamp(draft);
    const delivery = this.log.publish(content, this.routingOf(target, draft));
    // An await costs a turn of the microtask queue, which a log in this process need not pay.
    const { message, matched } = delivery instanceof Promise ? await delivery : delivery;
    if (matched.connections > 0) {
      await this.scheduler.nextSlice();
      if (reportWithinMs !== undefined) await this.settled(message, reportWithinMs);
    }
    return { id: content.id, duplicate: false, matched, written: message.written, scope: 'cluster' };
  }

  private routingOf(target: Target, { store = 'history', ttlSeconds, collapseKey }: MessageDraft): MessageRouting {
    const expiresAtMs = ttlSeconds === undefined ? undefined : this.clock.now() + ttlSeconds * 1000;
    return { target, store, expiresAtMs, collapseKey };
  }

  private async settled(message: OutgoingMessage, withinMs: number): Promise<void> {
    if (message.isSettled) return;
    await new Promise<void>((resolve) => {
      const cancel = this.clock.after(withinMs, resolve);
      message.onceSettled(() => {
        cancel();
        resolve();
      });
    });
  }
}
