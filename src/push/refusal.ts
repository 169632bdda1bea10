/** Why a handshake was refused, as an HTTP answer (RFC 9110) with a problem body (RFC 9457). */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly headers: Readonly<Record<string, string>>;
}

type RefusalOf = (detail: string) => Refusal;

function refusal(status: number, code: string, title: string, headers: Record<string, string> = {}): RefusalOf {
  return (detail) => ({ status, code, title, detail, headers });
}

/** Seconds after which a client that met a passing limit may try again. */
const RETRY_AFTER_SECONDS = '5';
/** A node that drains is replaced soon. */
const DRAIN_RETRY_AFTER_SECONDS = '1';
const retryLater = { 'Retry-After': RETRY_AFTER_SECONDS };

/** Every refusal there is, in the order of the handshake, and what an upgrade that no one owns gets; docs/errors.md lists the same. */
export const Refusals = {
  draining: refusal(503, 'draining', 'The server is going away', { 'Retry-After': DRAIN_RETRY_AFTER_SECONDS }),
  malformed: refusal(400, 'malformed', 'The request is not a valid handshake'),
  unsupportedVersion: refusal(426, 'unsupported_version', 'Upgrade required', {
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
  }),
  upgradeRequired: refusal(426, 'upgrade_required', 'Upgrade required', { Upgrade: 'websocket' }),
  originNotAllowed: refusal(403, 'origin_not_allowed', 'The origin is not on the list'),
  serverFull: refusal(503, 'server_full', 'The server is full', retryLater),
  addressLimit: refusal(429, 'address_limit', 'Too many connections from this address', retryLater),
  noToken: refusal(401, 'unauthorized', 'A token is required', { 'WWW-Authenticate': 'Bearer' }),
  badToken: refusal(401, 'unauthorized', 'The token was refused', {
    'WWW-Authenticate': 'Bearer error="invalid_token"',
  }),
  userLimit: refusal(429, 'user_limit', 'Too many connections of this user', retryLater),
  notFound: refusal(404, 'not_found', 'Not found'),
  unavailable: refusal(503, 'unavailable', 'The check could not be completed', retryLater),
} as const;

/** The problem document of a refusal, and the members that Nest's own error bodies have. */
export function problemOf({ status, code, title, detail }: Refusal): string {
  return JSON.stringify({
    type: 'about:blank',
    title,
    status,
    detail,
    code,
    statusCode: status,
    message: detail,
    error: title,
  });
}
