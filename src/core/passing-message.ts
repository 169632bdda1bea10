import { decodeCursor } from '../protocol/cursor.js';
import type { Cursor } from '../protocol/cursor.js';

/** What tells where a message stands. */
export interface Placed {
  /** 0 where it is not kept. */
  readonly number: number;
  readonly partition: number;
  /** As text: for a message that is not kept, the place at which it was published. */
  readonly cursor?: string | undefined;
}

/**
 * Whether a message that is not kept was published before a client had got to the place that it came back with. A node
 * that is behind hears it only now, and the client may have had it on the one that it came from. Nobody can count on such
 * a message, and nobody is to get it twice.
 */
export function isPassedBy({ number, partition, cursor }: Placed, after: Cursor): boolean {
  if (number > 0 || cursor === undefined) return false;
  // By their numbers alone: in Redis the epoch of a place is another one several times a second.
  const published = decodeCursor(cursor)?.[partition]?.number;
  const known = after[partition]?.number;
  return published !== undefined && known !== undefined && published <= known;
}
