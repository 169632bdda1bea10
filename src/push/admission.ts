/** What goes into the handshake pipeline and what comes out of it. */
import type { IncomingHttpHeaders } from 'node:http';
import type { NowOrLater } from '../core/now-or-later.js';
import type { Principal } from '../core/principal.js';
import type { ErrorCode } from '../protocol/error-codes.js';
import type { HeldGroups } from './held-groups.js';
import type { Refusal } from './refusal.js';

/**
 * What a request wants: to `connect`, to be told whether it could (`check`: no place is taken, no ticket spent), or one
 * answer now (`call`: limits of connections, tickets and cursors do not concern it).
 */
export type HandshakePurpose = 'connect' | 'check' | 'call';

/** A request at the door, as a transport saw it. */
export interface HandshakeRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly query: URLSearchParams | undefined;
  readonly remoteAddress: string | undefined;
  readonly isEncrypted: boolean;
  /** Where an event source stands by its own account; counts before `?cursor=`. */
  readonly lastEventId?: string | undefined;
  /** What the transport itself finds wrong with the shape of the request. */
  readonly shapeProblem: Refusal | undefined;
}

/** What an admitted request may become. */
export interface Admission {
  readonly type: 'admitted';
  readonly principal: Principal;
  readonly address: string;
  /** The cursor that the client came with. */
  readonly cursor: string | undefined;
  /** Where the server holds the user; undefined where that could not be read, and for what becomes no connection. */
  readonly heldGroups: HeldGroups | undefined;
  /** Groups of `?groups=` that the authorizer granted. */
  readonly grantedGroups: readonly string[];
  /** Groups of `?groups=` that it did not, and those past the limit. */
  readonly refusedGroups: readonly RefusedGroup[];
  /** What the request is known by to those who sent it on. */
  readonly requestId?: string | undefined;
}

/** A group that the client asked for and did not get. */
export interface RefusedGroup {
  readonly group: string;
  readonly code: typeof ErrorCode.Forbidden | typeof ErrorCode.LimitGroups;
}

/** A request that is turned away. */
export interface Rejection {
  readonly type: 'refused';
  readonly refusal: Refusal;
}

/** What becomes of a request. */
export type Verdict = Admission | Rejection;

/** One handshake under way. Its place among the limits is kept until `release`. */
export interface Handshake {
  /** No promise where everything could be decided at once. Never rejects. */
  readonly verdict: NowOrLater<Verdict>;
  /** Gives the place back: the connection has been registered, was refused, or its peer has left. */
  release(): void;
}

/** The verdict that turns a request away. */
export function refused(refusal: Refusal): Rejection {
  return { type: 'refused', refusal };
}
