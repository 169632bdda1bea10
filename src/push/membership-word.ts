import type { MessageLog } from '../backing/message-log.interface.js';
import type { Arrival } from '../backing/node-link.interface.js';
import { isOvertaken } from './node-questions.js';

/**
 * A word: what a node says of a membership that was changed through it, made or ended, as it comes to this node. It has its
 * effect at once, without a read; but it may come late, when messages that were sent after it, or a read of the memberships
 * that shows it, are here already.
 */
export interface MembershipWord {
  /** Messages that were sent since the change may have been heard already. */
  readonly isOvertaken: boolean;
  /** Of the change; infinite where a read that shows it cannot have come before. */
  readonly revision: number;
}

/** A change that is made here and now. */
export const NEWEST_WORD: MembershipWord = { isOvertaken: false, revision: Number.POSITIVE_INFINITY };

/** The word that another node has said. */
export function wordOf(log: Pick<MessageLog, 'isInOneOrder'>, arrival: Arrival, revision: number): MembershipWord {
  return { isOvertaken: isOvertaken(log, arrival), revision };
}
