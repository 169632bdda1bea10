import type { Target } from '../core/delivery-target.js';
import { PushService } from '../push/push.service.js';
import type { PushServiceParts } from '../push/push.service.js';
import type { PushReceipt, SendOptions } from '../push/push-types.js';
import { encodeData } from '../push/send-validation.js';
import type { PushRecorder } from './push-recorder.js';

/** PushService that remembers what it sent. */
export class RecordingPushService extends PushService {
  constructor(
    parts: PushServiceParts,
    private readonly recorder: PushRecorder,
  ) {
    super(parts);
  }

  /** What is wrong with a message has been thrown before it is copied. The data is kept as clients get it. */
  protected override publish(target: Target, event: string, data: unknown, options: SendOptions): Promise<PushReceipt> {
    this.recorder.listen();
    const sending = super.publish(target, event, data, options);
    const { tenant, limits } = this.parts;
    const sent = {
      ...(tenant !== undefined && { tenant }),
      target: structuredClone(target),
      event,
      data: JSON.parse(encodeData(data, limits.maxPayloadBytes)) as unknown,
      options: structuredClone(options),
    };
    return sending.then((receipt) => {
      this.recorder.sent.push({ ...sent, receipt });
      return receipt;
    });
  }
}
