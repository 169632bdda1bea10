import type { Transport } from './transport.interface.js';

/** How much a blocked transport holds, and since when it has held no less. */
export interface Stall {
  readonly bufferedBytes: number;
  readonly sinceMs: number;
}

/**
 * The stall of a transport, from one look at it to the next; undefined while it is not blocked. `nowMs` is of a time
 * that never goes back.
 */
export function stallOf(transport: Transport, before: Stall | undefined, nowMs: number): Stall | undefined {
  if (!transport.isBlocked) return undefined;
  const { bufferedBytes } = transport;
  return before && bufferedBytes >= before.bufferedBytes ? before : { bufferedBytes, sinceMs: nowMs };
}
