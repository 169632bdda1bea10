/** Why a handshake is refused, as the HTTP answer that it gets (RFC 9110). The body is made by core/problem.ts. */
import { AnswerHeader } from '../core/answer-headers.js';
import type { ProblemParts } from '../core/problem.js';
import { retryAfter } from '../core/problem.js';
import { CLOSE_CODES, mayReconnect } from '../protocol/close-codes.js';
import type { CloseCodeMeaning } from '../protocol/close-codes.js';

/** A refusal: status, headers and what its problem document says. */
export interface Refusal extends ProblemParts {
  readonly headers: Readonly<Record<string, string>>;
  /** When to come back, in milliseconds, where this client has a time of its own; `Retry-After` is in seconds. */
  readonly waitMs?: number;
}

/** When a client that met a passing limit may try again. */
const RETRY_AFTER_MS = 5_000;
/** A node that drains is replaced soon. */
const DRAIN_RETRY_AFTER_MS = 1_000;

const retryLater = retryAfter(RETRY_AFTER_MS);

/** What an address is told that has all it may have. */
export const ADDRESS_LIMIT = 'this address has too many connections: close one first';

function refusal(status: number, code: string, headers: Readonly<Record<string, string>> = {}) {
  return (detail: string): Refusal => ({ status, code, detail, headers });
}

/** Every refusal there is, in the order of the handshake, then those that only some routes have; docs/errors.md lists the same. */
export const Refusals = {
  draining: refusal(503, 'draining', retryAfter(DRAIN_RETRY_AFTER_MS)),
  malformed: refusal(400, 'malformed'),
  unsupportedVersion: refusal(426, 'unsupported_version', { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' }),
  upgradeRequired: refusal(426, 'upgrade_required', { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' }),
  originNotAllowed: refusal(403, 'origin_not_allowed'),
  serverFull: refusal(503, 'server_full', retryLater),
  addressLimit: refusal(429, 'address_limit', retryLater),
  noToken: refusal(401, 'unauthorized', { [AnswerHeader.Challenge]: 'Bearer' }),
  badToken: refusal(401, 'unauthorized', { [AnswerHeader.Challenge]: 'Bearer error="invalid_token"' }),
  userLimit: refusal(429, 'user_limit', retryLater),
  notFound: refusal(404, 'not_found'),
  methodNotAllowed: refusal(405, 'method_not_allowed', { Allow: 'GET' }),
  requestTimeout: refusal(408, 'request_timeout'),
  payloadTooLarge: refusal(413, 'payload_too_large'),
  unsupportedMediaType: refusal(415, 'unsupported_media_type', { Accept: 'application/json' }),
  closed: refusal(403, 'closed'),
  rateLimited: refusal(429, 'rate_limited', retryLater),
  unavailable: refusal(503, 'unavailable', retryLater),
} as const;

/** How long a client that a refusal tells to come back should stay away, in milliseconds; undefined for any other. */
export function retryAfterMsOf({ headers, waitMs }: Refusal): number | undefined {
  if (waitMs !== undefined) return waitMs;
  const seconds = headers[AnswerHeader.RetryAfter];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/**
 * What a request gets whose connection was closed with this code: the twin that the code has on HTTP. One that the
 * application made up says by its range whether the client may come back.
 */
export function refusalOfClose(code: number, reason: string, retryAfterMs?: number): Refusal {
  const known = (CLOSE_CODES as Readonly<Record<number, CloseCodeMeaning>>)[code];
  const status = known?.httpTwin ?? (mayReconnect(code) ? 503 : 403);
  const { code: problemCode, headers } = TWINS[status] ?? Refusals.closed('');
  const laterHeaders =
    retryAfterMs !== undefined && AnswerHeader.RetryAfter in headers ? retryAfter(retryAfterMs) : headers;
  return { status, code: problemCode, detail: reason, headers: laterHeaders };
}

/** Codes and headers of refusals by status, for those that a close code stands behind. */
const TWINS: Readonly<Record<number, Pick<Refusal, 'code' | 'headers'>>> = {
  401: Refusals.badToken(''),
  403: Refusals.closed(''),
  429: Refusals.rateLimited(''),
  503: Refusals.unavailable(''),
};
