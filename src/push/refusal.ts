/** Why a handshake is refused, as the HTTP answer that it gets (RFC 9110). The body is made by core/problem.ts. */
import type { ProblemParts } from '../core/problem.js';
import { retryAfter } from '../core/problem.js';

/** A refusal: status, headers and what its problem document says. */
export interface Refusal extends ProblemParts {
  readonly headers: Readonly<Record<string, string>>;
}

/** When a client that met a passing limit may try again. */
const RETRY_AFTER_MS = 5_000;
/** A node that drains is replaced soon. */
const DRAIN_RETRY_AFTER_MS = 1_000;

const retryLater = retryAfter(RETRY_AFTER_MS);

function refusal(status: number, code: string, headers: Readonly<Record<string, string>> = {}) {
  return (detail: string): Refusal => ({ status, code, detail, headers });
}

/**
 * Every refusal there is, in the order of the handshake, and what an upgrade that no one owns gets; docs/errors.md lists
 * the same.
 */
export const Refusals = {
  draining: refusal(503, 'draining', retryAfter(DRAIN_RETRY_AFTER_MS)),
  malformed: refusal(400, 'malformed'),
  unsupportedVersion: refusal(426, 'unsupported_version', { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' }),
  upgradeRequired: refusal(426, 'upgrade_required', { Upgrade: 'websocket' }),
  originNotAllowed: refusal(403, 'origin_not_allowed'),
  serverFull: refusal(503, 'server_full', retryLater),
  addressLimit: refusal(429, 'address_limit', retryLater),
  noToken: refusal(401, 'unauthorized', { 'WWW-Authenticate': 'Bearer' }),
  badToken: refusal(401, 'unauthorized', { 'WWW-Authenticate': 'Bearer error="invalid_token"' }),
  userLimit: refusal(429, 'user_limit', retryLater),
  notFound: refusal(404, 'not_found'),
  unavailable: refusal(503, 'unavailable', retryLater),
} as const;
