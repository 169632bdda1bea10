import type { PushStatus } from './client-events.js';

/** What a client hangs on: its own connection, or the one that its tab shares with others. */
export interface Link {
  readonly status: PushStatus;
  /** The wishes for groups have changed. */
  wished(): void;
  /** A wish for a group is gone. */
  unwished(group: string): Promise<unknown>;
  close(): void;
}
