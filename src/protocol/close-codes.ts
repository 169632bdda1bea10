/**
 * Why a connection ended. 4000 to 4499: come back (after what the name asks for). 4500 to 4999: do not.
 * The codes below 4000 are those of RFC 6455 section 7.4.1 and of the IANA registry.
 */
export const CloseCode = {
  GoingAway: 1001,
  BinaryFrame: 1003,
  FrameTooBig: 1009,
  InternalError: 1011,
  ServiceRestart: 1012,
  HeartbeatMissed: 4000,
  TokenExpired: 4001,
  SlowConsumer: 4002,
  RateLimited: 4003,
  ProtocolViolation: 4500,
  TokenRevoked: 4501,
  Forbidden: 4503,
  DisconnectedByAdmin: 4505,
  Replaced: 4509,
} as const;

/** One of the values of {@link CloseCode}. */
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

/** What a close code means to a client. */
export interface CloseCodeMeaning {
  /** The reason that goes with the code on the wire. */
  readonly reason: string;
  /** Whether the client may come back. */
  readonly reconnect: boolean;
  /** The status that a request for the same cause gets on transports without close codes. */
  readonly httpTwin: number;
}

/** Every close code with its meaning; PROTOCOL.md lists the same. */
export const CLOSE_CODES: Readonly<Record<CloseCode, CloseCodeMeaning>> = {
  [CloseCode.GoingAway]: { reason: 'going away', reconnect: true, httpTwin: 503 },
  [CloseCode.BinaryFrame]: { reason: 'binary frames are not supported', reconnect: false, httpTwin: 415 },
  [CloseCode.FrameTooBig]: { reason: 'frame too big', reconnect: false, httpTwin: 413 },
  [CloseCode.InternalError]: { reason: 'internal error', reconnect: true, httpTwin: 500 },
  [CloseCode.ServiceRestart]: { reason: 'restart', reconnect: true, httpTwin: 503 },
  [CloseCode.HeartbeatMissed]: { reason: 'heartbeat missed', reconnect: true, httpTwin: 503 },
  [CloseCode.TokenExpired]: { reason: 'token expired', reconnect: true, httpTwin: 401 },
  [CloseCode.SlowConsumer]: { reason: 'too slow', reconnect: true, httpTwin: 503 },
  [CloseCode.RateLimited]: { reason: 'rate limited', reconnect: true, httpTwin: 429 },
  [CloseCode.ProtocolViolation]: { reason: 'protocol violation', reconnect: false, httpTwin: 400 },
  [CloseCode.TokenRevoked]: { reason: 'token revoked', reconnect: false, httpTwin: 401 },
  [CloseCode.Forbidden]: { reason: 'forbidden', reconnect: false, httpTwin: 403 },
  [CloseCode.DisconnectedByAdmin]: { reason: 'disconnected by an administrator', reconnect: false, httpTwin: 403 },
  [CloseCode.Replaced]: { reason: 'replaced', reconnect: false, httpTwin: 403 },
};

/** Codes of the WebSocket layer that say that the peer is wrong, beside those of {@link CloseCode}. */
export const PEER_IS_WRONG: Readonly<Record<number, string>> = {
  1002: 'a frame that breaks RFC 6455',
  1007: 'text that is not UTF-8',
  1008: 'too many pieces in one message',
};

/**
 * Whether a client that was closed with this code may connect again: yes for 4000 to 4499 and for the standard codes
 * that tell of a passing cause, no for the rest. A code that is not listed follows its range.
 */
export function mayReconnect(code: number): boolean {
  const known = (CLOSE_CODES as Readonly<Record<number, CloseCodeMeaning>>)[code];
  return known ? known.reconnect : code < 4500 && !(code in PEER_IS_WRONG);
}
