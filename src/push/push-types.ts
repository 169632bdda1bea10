/** The public types of PushService: what goes in and what comes out. REST speaks the same shapes. */
import type { MatchCount, Target } from '../core/delivery-target.js';
import type { TransportName } from '../protocol/frames.js';
import type { ArgumentsOf, EventName } from '../protocol/push-events.js';
import type { EventRef, EventRefData } from './events/event-ref.js';

/** What may be said of one message. */
export interface SendOptions {
  /**
   * Sent again with the same key, the first receipt comes back with `duplicate: true` and nothing is sent. At most 255
   * characters. Kept for `idempotency.ttlSeconds`.
   */
  readonly idempotencyKey?: string | undefined;
  /**
   * Wait until every matched connection has taken or lost the message, at most `withinMs` (2,000 for `true`, at most
   * 30,000), so that `written` is final; where the time is over first the receipt is `partial`.
   * @default false
   */
  readonly report?: boolean | { readonly withinMs: number } | undefined;
  /** `none`: not kept for those who are away. @default 'history' */
  readonly store?: 'none' | 'history' | undefined;
  /** Nobody gets it after so many seconds: it is not replayed, nor written to a client for which it has waited. */
  readonly ttlSeconds?: number | undefined;
  /** A later message of the same target and key takes the place of this one for those who are away. 1 to 128 characters. */
  readonly collapseKey?: string | undefined;
  /** Who has it sent, for `@OnPush('sent')` and nothing else. At most 255 characters. */
  readonly by?: string | undefined;
}

/** What follows the event of a send. Data may be left out where the event is declared with data that may, or not declared. */
export type SendArguments<Event extends EventRef> = ArgumentsOf<EventRefData<Event>, SendOptions>;

/** The general form of a send. */
export type SendRequest<Event extends EventRef = EventName> = SendOptions & {
  readonly target: Target;
  readonly event: Event;
} & (undefined extends EventRefData<Event>
    ? { readonly data?: EventRefData<Event> }
    : { readonly data: EventRefData<Event> });

/** What became of a send by the time it was answered. */
export interface PushReceipt {
  /** The message's identity, the same as in its envelope. */
  readonly id: string;
  /** The idempotency key had been used: this is the receipt of the first send, and nothing was sent now. */
  readonly duplicate: boolean;
  /** Found in the routing table. Of several nodes its users are exact to some thousands, then within about 2 percent. */
  readonly matched: MatchCount;
  /** Connections whose transport had taken the message; one that waits in a queue is not counted. */
  readonly written: number;
  /** Whether the counts are those of this process or of all nodes. */
  readonly scope: 'node' | 'cluster';
  /**
   * The report that was asked for is not final: its time was over before every matched connection had taken or lost the
   * message, or before every node had answered.
   */
  readonly partial?: boolean;
}

/** Which connections: all, or those of a user, of a group, or both; or one by its id. */
export interface ConnectionFilter {
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  readonly connection?: string | undefined;
}

/** Where a page begins and how long it may be. */
export interface PageRequest {
  /** From the page before; none for the first. */
  readonly cursor?: string | undefined;
  /** @default 100; at most 1,000 */
  readonly limit?: number | undefined;
}

/** One page of a listing. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Hand it in for the next page; null on the last. */
  readonly cursor: string | null;
}

/** Whether a user has a connection, and how many. */
export interface Presence {
  readonly userId: string;
  readonly online: boolean;
  readonly connections: number;
}

/** A membership that the server holds. */
export interface Membership {
  readonly userId: string;
  /** ISO 8601 in UTC; absent where it has no end. */
  readonly expiresAt?: string;
}

/** How a connection is ended. */
export interface DisconnectOptions {
  /**
   * A close code: one of 4000 to 4499 tells the client to come back, one of 4500 to 4999 not to.
   * @default 4505, with `reconnect: true` 1012
   */
  readonly code?: number | undefined;
  /** At most 123 bytes. @default the code's own reason */
  readonly reason?: string | undefined;
  /** Whether the client may come back by itself; must fit the code. @default what the code says */
  readonly reconnect?: boolean | undefined;
  /** Who wants it, for `@OnPush('kicked')` and nothing else. 1 to 255 characters. @default 'application' */
  readonly by?: string | undefined;
}

/** What became of a request to close connections. */
export interface DisconnectOutcome {
  /** Connections that are being closed. */
  readonly matched: number;
  /** A node did not answer in time. It closes what matches on it when it is back. */
  readonly partial?: boolean;
}

/** What may be said of a membership. */
export interface MembershipOptions {
  readonly expiresAt?: Date | number | string | undefined;
}

/** Which tokens end: all of a user issued until now, one by its id, or all issued before a moment. */
export type Revocation =
  | { readonly sub: string; readonly jti?: undefined; readonly issuedBefore?: undefined }
  | { readonly sub?: undefined; readonly jti: string; readonly issuedBefore?: undefined }
  /** Seconds since the Unix epoch, as in a token's `iat`, ISO 8601, or a date; later than now, less the clock tolerance, or before the epoch it is refused. */
  | { readonly sub?: undefined; readonly jti?: undefined; readonly issuedBefore: Date | number | string };

/** Counts of now. */
export interface PushStats {
  readonly scope: 'node' | 'cluster';
  /** Different users. On several nodes exact to some thousands, and from there on within about 2 percent. */
  readonly users: number;
  readonly connections: Readonly<Record<TransportName, number>>;
  /** Different groups that somebody is in, as exact as users. */
  readonly groups: number;
  /** Nodes whose counts are in these: one that did not answer in time is not. */
  readonly nodes: number;
}
