/**
 * The wire as a client sees it, for browsers and Node, without dependencies: the names and shapes of frames, the codes
 * and what they ask of a client. PROTOCOL.md is the specification.
 */
export { CLOSE_CODES, CloseCode, mayReconnect } from '../protocol/close-codes.js';
export type { CloseCodeMeaning } from '../protocol/close-codes.js';
export { ERROR_CODES, ErrorCode } from '../protocol/error-codes.js';
export type { ErrorCodeMeaning } from '../protocol/error-codes.js';
export { ClientEvent, ServerEvent } from '../protocol/frames.js';
export type {
  DrainingData,
  Envelope,
  ErrorData,
  ExpiringData,
  GapData,
  GapReason,
  TransportName,
  WelcomeData,
} from '../protocol/frames.js';
export type { EventData, EventName, PushEvents } from '../protocol/push-events.js';
export { BEARER_SUBPROTOCOL_PREFIX, SUBPROTOCOL } from '../protocol/version.js';
