/**
 * The port of the log: the ordered messages, what clients resume from.
 *
 * A log keeps each message for the users and groups that it named, or for everyone, within the bounds of
 * {@link MessageLogLimits}, and hands out those that one audience may see after a place. It also knows what it no longer
 * holds: whoever comes back to a place after which something for them was lost is told of a gap, never left with a hole
 * that looks whole. Not lost in this sense are messages past their own time, those that a newer one with the same
 * collapse key took the place of, and those that were not to be stored.
 */
import type { MatchCount, Target } from '../core/delivery-target.js';
import type { OutgoingMessage } from '../core/outgoing-message.js';
import type { Cursor } from '../protocol/cursor.js';

/** What a log is bounded by. What exceeds a bound is dropped, oldest first. */
export interface MessageLogLimits {
  /**
   * Most messages that are kept for one user or one group. `0` keeps none.
   * @default 100
   */
  readonly historyCount?: number;
  /**
   * How long a message is kept.
   * @default 300
   */
  readonly historySeconds?: number;
  /**
   * Most messages to everyone that are kept. Where it is not set: 1,000 or `historyCount`, whichever is more; none where
   * `historyCount` is 0.
   * @default 1000
   */
  readonly historyAllCount?: number;
  /**
   * Most bytes that all kept messages may take, about; past it the targets that were quiet longest lose theirs first.
   * @default 268_435_456
   */
  readonly maxHistoryBytes?: number;
}

/** Most messages to everyone that are kept where nothing is said of it. */
export function defaultHistoryAllCount(historyCount: number): number {
  return historyCount === 0 ? 0 : Math.max(1_000, historyCount);
}

/** What a message says, before it has its place. */
export interface MessageContent {
  readonly event: string;
  /** JSON already. */
  readonly dataText: string;
  readonly id: string;
  /** When it was accepted, RFC 3339. */
  readonly ts: string;
  /** The sending user, on messages between clients. */
  readonly from?: string | undefined;
}

/** Whom a message is for and how it is kept. */
export interface MessageRouting {
  /** A message that names connections only is not kept: a connection's id does not outlive it. */
  readonly target: Target;
  /** `none`: the message has no place of its own and is not kept. */
  readonly store: 'none' | 'history';
  /** From when on nobody is to get it any more, milliseconds since the Unix epoch. */
  readonly expiresAtMs?: number | undefined;
  /** Takes the place of an older message that has the same key and is kept for the same target. */
  readonly collapseKey?: string | undefined;
}

/** A message as it is delivered. */
export interface LoggedMessage {
  /** The envelope, JSON. */
  readonly text: string;
  /** The place after this message as text, the same as in the envelope. */
  readonly cursor: string;
  /** Its number in the order of its partition; 0 where it has none because it is not kept. */
  readonly number: number;
  /** Which part of the log gave it its place, from 0; always 0 where the log has one. */
  readonly partition: number;
  /** How long ago it was published, by the clock that the nodes share; absent where that was just now. */
  readonly ageMs?: number;
  /** What it was sent with, on messages that are delivered live. */
  readonly collapseKey?: string | undefined;
}

/** Whose messages are read: what the reader is at this moment, not what it was when they were sent. */
export interface Audience {
  readonly userId: string;
  readonly groups: Iterable<string>;
}

/** One page of a replay. */
export interface ReplayRequest {
  readonly after: Cursor;
  readonly audience: Audience;
  /** Most messages of the page, at least 1. */
  readonly maxMessages: number;
  /** Most bytes of text of the page. One message always has room. */
  readonly maxBytes: number;
}

/**
 * Why a replay is not whole. `expired`: something for this audience is no longer held. `reset`: the place is none of
 * this log, which began anew or lost its end.
 */
export type LogGap = 'expired' | 'reset';

/** What a replay found. */
export interface LogPage {
  /** Where the page begins. With a gap it also says that the gap was told: the same gap is not told again after it. */
  readonly resumedFrom: Cursor;
  /** In the order of the log, each message once. */
  readonly messages: readonly LoggedMessage[];
  /**
   * The place after this page: where to read on, or the position of this node when there is no more. Never past that
   * position: what the node has not heard yet is to come to it live, and would come twice.
   */
  readonly through: Cursor;
  /** Whether the audience may see more messages after this page. */
  readonly hasMore: boolean;
  readonly gap?: LogGap | undefined;
}

/** What became of a message on this node. */
export interface Delivery {
  /** Whom it found here. */
  readonly matched: MatchCount;
  /** Counts the connections that take it. */
  readonly message: OutgoingMessage;
}

/** This node, as its log sees it. */
export interface LogFollower {
  /** Delivers a message to the connections of this node. Called in the order of the log; does not throw. */
  deliver(message: LoggedMessage, target: Target): Delivery;
  /**
   * Messages may pass this node by from now on. Whoever is connected has had everything up to this place; nobody is to
   * get anything more before {@link recovered}.
   */
  interrupted(place: Cursor): void;
  /** The log is followed again: who was held is to be brought up to date from the log, and then goes on. */
  recovered(): void;
}

/**
 * The ordered log of messages: gives each its place. What happens on one log happens in one order, and a place is never
 * given twice within an epoch. A log may be shared by nodes: then each of them hears of every message in that order.
 *
 * Out of reach, `publish` and `read` reject with a PushError: `PUSH_ERR_UNAVAILABLE` where nothing has happened,
 * `PUSH_ERR_PUBLISH_UNKNOWN` where the message may have been taken.
 */
export interface MessageLog {
  /** The place up to which this node has heard everything; number 0 before the first message. */
  readonly position: Cursor;
  /** Whether this node hears of every message now; false between `interrupted` and `recovered`. */
  readonly isFollowing: boolean;
  /** Names who delivers on this node. Called once, before the first message. */
  follow(follower: LogFollower): void;
  /**
   * Gives the message its place, writes it as an envelope, keeps it for its target and has it delivered. Answers what
   * became of it on this node: at once where the log is this process's own.
   */
  publish(content: MessageContent, routing: MessageRouting): Delivery | Promise<Delivery>;
  /**
   * Reads what the audience may see after a place, in the order of the log. After another epoch everything that is held
   * follows; after a place that the log has not reached, nothing does.
   */
  read(request: ReplayRequest): Promise<LogPage>;
}
