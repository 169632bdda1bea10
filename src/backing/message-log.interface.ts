import type { Cursor } from '../protocol/cursor.js';

/**
 * The ordered log of messages: gives each its place. What happens on one log happens in one order, and a place is never
 * given twice within an epoch.
 */
export interface MessageLog {
  /** The place of the newest message; number 0 before the first. */
  readonly position: Cursor;
  /** Gives the next message its place and answers the position that includes it. */
  append(): Cursor;
}
