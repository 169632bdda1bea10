import type { PushErrorDetail } from '../core/push-error.js';
import { CloseCode, CLOSE_CODES } from '../protocol/close-codes.js';
import { MAX_CLOSE_REASON_BYTES } from '../protocol/limits.js';
import type * as Push from './push-types.js';

const MAX_BY_LENGTH = 255;
/** Codes that say why there was no close frame. */
const NEVER_SENT: ReadonlySet<number> = new Set([1004, 1005, 1006]);

/** The code and the reason with which connections are closed by these options. */
export function closing({ code, reason, reconnect }: Push.DisconnectOptions): { code: number; reason: string } {
  const chosen = code ?? (reconnect ? CloseCode.ServiceRestart : CloseCode.DisconnectedByAdmin);
  const known = (CLOSE_CODES as Readonly<Record<number, { reason: string } | undefined>>)[chosen]?.reason;
  return { code: chosen, reason: reason ?? known ?? '' };
}

/** What is wrong with the options, of which {@link closing} made `chosen` and `reason`. */
export function closingProblems(
  { code, reconnect, by }: Push.DisconnectOptions,
  chosen: number,
  reason: string,
): PushErrorDetail[] {
  const problems: PushErrorDetail[] = [];
  const isInRange = Number.isInteger(chosen) && chosen >= 4000 && chosen <= 4999;
  if (code !== undefined && !isInRange) {
    problems.push({ pointer: '/code', detail: 'a close code from 4000 to 4999' });
  } else if (code !== undefined && reconnect !== undefined && reconnect !== chosen < 4500) {
    problems.push({
      pointer: '/code',
      detail: 'codes below 4500 tell the client to come back, the others not to',
    });
  }
  problems.push(...reasonProblems(reason));
  if (by !== undefined && !(typeof by === 'string' && by.length > 0 && by.length <= MAX_BY_LENGTH)) {
    problems.push({ pointer: '/by', detail: `1 to ${MAX_BY_LENGTH} characters` });
  }
  return problems;
}

/** What is wrong with a code and a reason that a close frame is to carry (RFC 6455 sections 5.5.1 and 7.4). */
export function closeFrameProblems(code: number, reason: string): PushErrorDetail[] {
  const isRegistered = code >= 1000 && code <= 1014 && !NEVER_SENT.has(code);
  const isSendable = Number.isInteger(code) && (isRegistered || (code >= 3000 && code <= 4999));
  const codeProblems = isSendable ? [] : [{ pointer: '/code', detail: 'a close code that may be sent, such as 4000' }];
  return [...codeProblems, ...reasonProblems(reason)];
}

function reasonProblems(reason: unknown): PushErrorDetail[] {
  if (typeof reason === 'string' && Buffer.byteLength(reason) <= MAX_CLOSE_REASON_BYTES) return [];
  return [{ pointer: '/reason', detail: `a text of at most ${MAX_CLOSE_REASON_BYTES} bytes` }];
}
