import type { Transport } from './transport.interface.js';

/** How much a blocked transport holds, and since when it has held no less. */
export interface Stall {
  readonly bufferedBytes: number;
  readonly sinceMs: number;
}

/**
 * The stall of a transport, from one look at it to the next; undefined while it is not blocked, or holds nothing and
 * nothing waits for it. `nowMs` is of a time that never goes back.
 */
export function stallOf(
  transport: Transport,
  isWaitedFor: boolean,
  before: Stall | undefined,
  nowMs: number,
): Stall | undefined {
  const { bufferedBytes } = transport;
  if (!transport.isBlocked || (bufferedBytes === 0 && !isWaitedFor)) return undefined;
  return before && bufferedBytes >= before.bufferedBytes ? before : { bufferedBytes, sinceMs: nowMs };
}
