import type { Target } from '../core/delivery-target.js';
import { eventNameOf } from '../push/events/event-ref.js';
import type { EventRef } from '../push/events/event-ref.js';
import { PushService } from '../push/push.service.js';
import type { PushServiceParts } from '../push/push.service.js';
import type { PushReceipt, SendOptions } from '../push/push-types.js';
import type { PushRecorder } from './push-recorder.js';

/** PushService that remembers what it sent. */
export class RecordingPushService extends PushService {
  constructor(
    parts: PushServiceParts,
    private readonly recorder: PushRecorder,
  ) {
    super(parts);
  }

  protected override async deliver(
    target: Target,
    event: EventRef,
    data: unknown,
    options: SendOptions = {},
  ): Promise<PushReceipt> {
    const receipt = await super.deliver(target, event, data, options);
    const { tenant } = this.parts;
    this.recorder.sent.push({
      ...(tenant !== undefined && { tenant }),
      target,
      event: eventNameOf(event),
      data,
      options,
      receipt,
    });
    return receipt;
  }
}
