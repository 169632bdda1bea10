import type { SendReceipt } from './console-link.js';

/** A send, and what became of it. */
export interface DoneSend {
  readonly at: number;
  readonly event: string;
  readonly to: string;
  readonly receipt: SendReceipt;
}
