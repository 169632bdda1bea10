import type { Target } from './delivery-target.js';
import type { OutgoingMessage } from './outgoing-message.js';
import type { DropReason } from './push-counters.js';

/** What a fan-out came to, by connections. */
export interface DeliveryOutcome {
  readonly matched: number;
  /** Those that did not get it into their queue. */
  readonly dropped: Readonly<Record<Extract<DropReason, 'overflow' | 'skipped' | 'expired' | 'closed'>, number>>;
}

/** Hears of every message that was routed, while somebody watches. Does not throw. */
export interface DeliveryObserver {
  delivered(message: OutgoingMessage, target: Target, outcome: DeliveryOutcome): void;
}
