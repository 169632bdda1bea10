import { createHash } from 'node:crypto';

/**
 * Carries the identity of a send from whoever holds its idempotency key. A symbol, so that it is no option of hosts and
 * no part of a fingerprint.
 */
export const SEND_ONCE: unique symbol = Symbol('send once');

/** The options of a send that may be carried out again. */
export interface SendOnce {
  /** What {@link onceIdOf} makes. The log takes one message under it, however often it is sent. */
  readonly [SEND_ONCE]?: string | undefined;
}

/** The form that the log and the wire between nodes take: 72 bits. */
const ID_LENGTH = 12;

/** Identifies a message of a request: by the claim of its key, and where in the request it stands. */
export function onceIdOf(claim: string, at = ''): string {
  return createHash('sha256').update(`${claim}\n${at}`).digest('base64url').slice(0, ID_LENGTH);
}
