/**
 * What an application may want to hear of connections and sends, for its own records. Whoever causes an event calls the
 * listener if there is one: `listeners.connected?.({ ... })`. Where nobody listens the event is not even made.
 */
import type { TransportName } from '../protocol/frames.js';
import type { MatchCount, Target } from './delivery-target.js';

/** A connection that goes on (ws, sse) was let in and is about to be greeted. Polls are requests, and not told of. */
export interface ConnectedEvent {
  readonly connectionId: string;
  readonly userId: string;
  /** Whose user it is; undefined for the default tenant. */
  readonly tenant: string | undefined;
  readonly transport: TransportName;
  /** The peer's address, behind trusted proxies the client's. */
  readonly address: string;
  readonly groups: readonly string[];
  /** The `X-Request-Id` of the request that became the connection, where it had one. */
  readonly requestId: string | undefined;
}

/** Such a connection has ended. */
export interface DisconnectedEvent {
  readonly connectionId: string;
  readonly userId: string;
  /** Whose user it is; undefined for the default tenant. */
  readonly tenant: string | undefined;
  readonly transport: TransportName;
  readonly address: string;
  readonly requestId: string | undefined;
  /** ISO 8601 in UTC. */
  readonly connectedAt: string;
  readonly durationMs: number;
  /** The code with which this side closed it; undefined where the client left. */
  readonly code: number | undefined;
}

/** A message was accepted on this node. Holds nothing of its data. */
export interface SentEvent {
  readonly messageId: string;
  /** Whose message it is; undefined for the default tenant. */
  readonly tenant: string | undefined;
  readonly event: string;
  readonly target: Target;
  /** The user whose client sent it; undefined for messages of the application. */
  readonly from: string | undefined;
  /** Who had it sent: the `by` of the send, the caller of REST, or the sending user. */
  readonly by: string | undefined;
  /**
   * Whom it found on this node, and on no other: it has no `scope` as a receipt does, which may count those of all nodes.
   */
  readonly matched: MatchCount;
}

/** A connection of this node was ended by `disconnect`, by a handler of the host, or because its token was revoked. */
export interface KickedEvent {
  readonly connectionId: string;
  readonly userId: string;
  /** Whose user it is; undefined for the default tenant. */
  readonly tenant: string | undefined;
  readonly transport: TransportName;
  readonly address: string;
  /** `handler`: `close()` of the connection that `@ConnectedSocket()` gives. */
  readonly cause: 'disconnect' | 'handler' | 'revocation';
  /**
   * Who had it ended: the `by` of the call, the caller of REST, else `application`; `revocation` where a token was revoked.
   */
  readonly by: string;
  readonly code: number;
  readonly reason: string;
}

/** Somebody was turned away: at the handshake, by REST (401, 403, 429), or by the authorizer. */
export interface RefusedEvent {
  /**
   * What was wanted: a connection, to know whether there could be one, one call, a route of REST, or of a client to join or
   * leave a group, or to send a message.
   */
  readonly purpose: 'connect' | 'check' | 'call' | 'rest' | 'join' | 'leave' | 'send';
  readonly address: string;
  readonly requestId: string | undefined;
  /** Who it was, where a token had said so by then, and of which tenant. */
  readonly userId: string | undefined;
  readonly tenant: string | undefined;
  /** The group of a join or leave. */
  readonly group: string | undefined;
  /** Whom the message of a client was for. */
  readonly target: Target | undefined;
  /** The HTTP status of the answer; of a frame the one that its code stands for. */
  readonly status: number;
  /** Such as `unauthorized` or `user_limit`; docs/errors.md lists them. */
  readonly code: string;
  readonly detail: string;
}

/** Every event by its name. */
export interface PushLifecycleEvents {
  readonly connected: ConnectedEvent;
  readonly disconnected: DisconnectedEvent;
  readonly sent: SentEvent;
  readonly kicked: KickedEvent;
  readonly refused: RefusedEvent;
}

/** One of the names. */
export type PushLifecycleEventName = keyof PushLifecycleEvents;

const NAMES: Readonly<Record<PushLifecycleEventName, true>> = {
  connected: true,
  disconnected: true,
  sent: true,
  kicked: true,
  refused: true,
};

/** All of them. */
export const LIFECYCLE_EVENT_NAMES: readonly string[] = Object.keys(NAMES);

/** Who hears of what; set while the application starts. A listener neither throws nor takes long. */
export type LifecycleListeners = {
  [Name in PushLifecycleEventName]?: ((event: PushLifecycleEvents[Name]) => void) | undefined;
};
