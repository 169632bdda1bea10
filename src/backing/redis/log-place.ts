/**
 * A place in the log as Redis gives it, and as the cursor of a client carries it.
 *
 * A number alone does not tell a place: after a failover that lost the newest messages, their numbers are given again.
 * So the script draws a nonce at random, a new one when the last is a quarter of a second old, and keeps from which
 * number on each of them holds. Two servers that both went on from the same number drew different ones, and a place of
 * the lost branch is known as such. In a cursor the nonce is the second half of the epoch.
 */
import type { Place } from '../../protocol/cursor.js';

/** A place and the nonce that holds for it. */
export interface LogPlace {
  readonly epoch: string;
  readonly nonce: string;
  readonly number: number;
}

/** The nonce of the place before the first message. */
export const FIRST_NONCE = '00000000';

const EPOCH_LENGTH = 8;

/** The place as a cursor carries it; `toldThrough` only where it says something about what is ahead. */
export function toPlace({ epoch, nonce, number }: LogPlace, toldThrough = 0): Place {
  const place = { epoch: epoch + nonce, number };
  return toldThrough > number ? { ...place, toldThrough } : place;
}

/** The place that a cursor carries. One of another kind of log has an epoch that none of ours has. */
export function fromPlace({ epoch, number }: Place): LogPlace {
  return { epoch: epoch.slice(0, EPOCH_LENGTH), nonce: epoch.slice(EPOCH_LENGTH), number };
}

/** Whether a message at the place can come after what a node has heard that stands there. One that is not kept has the place before it. */
export function comesAfter(
  { place, isKept }: { readonly place: LogPlace; readonly isKept: boolean },
  position: LogPlace,
): boolean {
  if (place.epoch !== position.epoch) return false;
  return isKept ? place.number > position.number : place.number >= position.number;
}

/** Whether the log can go on from the position to this place, as far as places tell. */
export function goesOnTo(position: LogPlace, { epoch, number, nonce }: LogPlace): boolean {
  if (epoch !== position.epoch || number < position.number) return false;
  return number > position.number || nonce === position.nonce;
}
