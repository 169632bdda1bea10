import type { SendReceipt, Target } from './console-link.js';

/** A send, and what became of it. */
export interface DoneSend {
  readonly at: number;
  readonly event: string;
  readonly to: Target;
  readonly receipt: SendReceipt;
}
