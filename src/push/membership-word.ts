import type { MessageLog } from '../backing/message-log.interface.js';
import type { Arrival } from '../backing/node-link.interface.js';
import { isOvertaken } from './node-questions.js';

/** Clocks of nodes agree through that of the backing, which is as far off as an answer of it takes. */
const TOLERANCE_MS = 100;
/** What comes later than this was not just said: it may have been long on a bad line. */
const PROMPT_MS = 400;

/**
 * A word: what a node says of a membership that was changed through it, made or ended, as it comes to this node. It says
 * where the change took effect, which the memberships themselves do not; but it may come late, when messages that were
 * sent after it, or a read of the memberships that shows it, are here already.
 */
export interface MembershipWord {
  /** Messages that were sent since the change may have been heard already. */
  readonly isOvertaken: boolean;
  /** When it was said, by `performance.now()`; infinite for what has just been said. */
  readonly saidAtMs: number;
}

/** A change that is made here and now. */
export const NEWEST_WORD: MembershipWord = { isOvertaken: false, saidAtMs: Number.POSITIVE_INFINITY };

/** The word that another node has said. */
export function wordOf(log: Pick<MessageLog, 'isInOneOrder'>, arrival: Arrival): MembershipWord {
  const { isKept, ageMs } = arrival;
  const saidAtMs = isKept || ageMs >= PROMPT_MS ? performance.now() - ageMs : Number.POSITIVE_INFINITY;
  return { isOvertaken: isOvertaken(log, arrival), saidAtMs };
}

/** Whether it may tell something to whom memberships were read for at that time. What it does not tell, the next read does. */
export function isNews({ saidAtMs }: MembershipWord, readAtMs: number): boolean {
  return saidAtMs > readAtMs + TOLERANCE_MS;
}
