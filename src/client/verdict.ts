import type { LineEnd } from './line-end.js';

/**
 * What follows from the end of a line: never come back, try another transport, or come back. How long to wait is for
 * who acts on it.
 */
export type Verdict = 'stop' | 'fall' | 'retry';

/** `CloseCode.TokenExpired`. That table would stay in every bundle that names one of its codes. */
export const TOKEN_EXPIRED = 4001;

/** What `push:auth` with the token of another user ends in: `CloseCode.Forbidden`. */
export const OTHER_USER: LineEnd = { code: 4503, reason: 'token of another user' };

/** Codes of the WebSocket layer that say that this client is wrong (RFC 6455 section 7.4.1). */
const CLIENT_IS_WRONG = [1002, 1003, 1007, 1008, 1009];

/** Judges the end of a line. */
export function verdictOf({ status, code, reason, isBlocked }: LineEnd): Verdict {
  if (isBlocked) return 'fall';
  // Without a reason it is no problem document: something on the way has said it, and may not always.
  if (reason && (status === 400 || status === 403)) return 'stop';
  if (status === 401 || status === 429) return 'retry';
  // The route is not there, or something before it does not let this method through.
  if (status && status < 500) return 'fall';
  return code && !mayReturn(code) ? 'stop' : 'retry';
}

/** The close-code rule of PROTOCOL.md. The table with the meanings would cost a page a fifth of the client's size. */
export function mayReturn(code: number): boolean {
  return code < 4500 && !CLIENT_IS_WRONG.includes(code);
}
