import type { MessageLog } from '../backing/message-log.interface.js';
import type { Arrival } from '../backing/node-link.interface.js';
import type { Cursor } from '../protocol/cursor.js';
import { CHANGE_MS } from './node-questions.js';

/**
 * Which of the messages that were sent since a change this node may have heard before the word of it. `none`: none.
 * `cut-off`: none until it was cut off, any since then. `overtaken`: any.
 */
export type Lateness = 'none' | 'cut-off' | 'overtaken';

/** A change that a node hears of later than this may be taken for done already where it was made, in milliseconds. */
const PROMPT_MS = 0.8 * CHANGE_MS;

/**
 * A word: what a node says of a membership that was changed through it, made or ended, as it comes to this node. It has its
 * effect at once, without a read; but it may come late, when messages that were sent after it, or a read of the memberships
 * that shows it, are here already.
 */
export interface MembershipWord {
  readonly lateness: Lateness;
  /** Of the change; infinite where a read that shows it cannot have come before. */
  readonly revision: number;
}

/** A change that is made here and now. */
export const NEWEST_WORD: MembershipWord = { lateness: 'none', revision: Number.POSITIVE_INFINITY };

/** Of what no word has come: messages that were sent since it began may have been heard. */
export const FOUND_BY_READING: Pick<MembershipWord, 'lateness'> = { lateness: 'overtaken' };

/** What becomes of one that is made here. */
export interface NewMembership {
  /** The place from which on messages for the group are for the user. */
  readonly since: Cursor;
  readonly revision: number;
  readonly joined: Promise<void> | undefined;
}

/** The word that another node has said. */
export function wordOf(log: Pick<MessageLog, 'isInOneOrder'>, arrival: Arrival, revision: number): MembershipWord {
  return { lateness: latenessOf(log, arrival), revision };
}

/** Of a word that has come so. */
export function latenessOf(
  { isInOneOrder }: Pick<MessageLog, 'isInOneOrder'>,
  { ageMs, hasWaited, wasDropped, wasAlive }: Arrival,
): Lateness {
  // One line carries both, each in its place.
  if (isInOneOrder) return wasDropped ? 'overtaken' : hasWaited ? 'cut-off' : 'none';
  // The change is not done yet while somebody waits for this node, though its line was away.
  return ageMs >= PROMPT_MS || (hasWaited && !wasAlive) ? 'overtaken' : 'none';
}
