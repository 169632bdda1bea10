/**
 * The client for browsers and Node, without dependencies, and the wire as a client sees it: the names and shapes of
 * frames, the codes and what they ask of a client. PROTOCOL.md is the specification.
 */
export { PushClient } from './push-client.js';
export type { RequestOptions, SendArguments, SendTarget } from './push-client.js';
export { PushClientError, PushReplyError } from './client-errors.js';
export type { PushClientErrorCode } from './client-errors.js';
export type {
  ListenableEvent,
  Listener,
  ListenerData,
  PushClientEvents,
  PushState,
  PushStatus,
} from './client-events.js';
export type { ClientPaths, PushClientOptions } from './client-options.js';
export type { WebSocketConstructor, WebSocketLike } from './platform.js';
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
