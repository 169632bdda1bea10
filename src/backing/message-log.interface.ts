/**
 * The port of the log: the ordered messages, what clients resume from.
 *
 * A log may be shared by nodes and be made of several partitions. A node hears of what is for everyone and for the users
 * and groups that it attends, which it begins to when the first connection is there. Until it does, and while a partition
 * is out of reach, connections whom that concerns are held: {@link MessageLog.hears} says so.
 *
 * A log keeps each message for the users and groups that it named, or for everyone, within the bounds of
 * {@link MessageLogLimits}, and hands out those that one audience may see after a place. It also knows what it no longer
 * holds: whoever comes back to a place after which something for them was lost is told of a gap, never left with a hole
 * that looks whole. Not lost in this sense are messages past their own time, those that a newer one with the same
 * collapse key took the place of, and those that were not to be stored.
 */
import type { Attendance } from '../core/connection-registry.js';
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
   * Most bytes that all kept messages may take, about; past it the targets that were quiet longest lose theirs first. They
   * are kept outside the JavaScript heap, where they are not very long, in blocks that may take half as much again, and 4 MiB,
   * where lengths change.
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
  /** Its place in a trace (W3C Trace Context), where that is recorded; goes to all nodes and to no client. */
  readonly traceparent?: string | undefined;
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
  /**
   * Under which the message is taken once, however often it is published: 12 characters of base64url. Remembered as long
   * as idempotency keys are, by a log that outlives its node; another one is asked but once.
   */
  readonly onceId?: string | undefined;
}

/** A message as it is delivered. */
export interface LoggedMessage {
  /** The envelope, JSON. */
  readonly text: string;
  /** Of the text, in UTF-8, where it was counted. */
  readonly byteLength?: number;
  /** The place after this message as text, the same as in the envelope. */
  readonly cursor: string;
  /** Its number in the order of its partition; 0 where it has none because it is not kept. */
  readonly number: number;
  /** Which part of the log gave it its place, from 0; always 0 where the log has one. */
  readonly partition: number;
  /** From when on nobody is to get it any more, by `performance.now()` of this process; absent where that never comes. */
  readonly endsAtMs?: number | undefined;
  /** How long ago it was published, by the clock that the nodes share; absent where that was just now. */
  readonly ageMs?: number;
  /** Its place in a trace, where that is recorded. */
  readonly traceparent?: string | undefined;
  /** The same for messages that were sent with one collapse key, on those that are delivered live. */
  readonly collapseId?: string | undefined;
}

/** Whose messages are read: what the reader is at this moment, not what it was when they were sent. */
export interface Audience {
  readonly userId: string;
  readonly groups: Iterable<string>;
}

/** That the reader came into a group while it was reading or live. */
export interface GroupJoin {
  readonly group: string;
  /** What came for the group up to this place is not for the reader. */
  readonly after: Cursor;
}

/** One page of a replay. */
export interface ReplayRequest {
  readonly after: Cursor;
  /**
   * Where the place of a join lies before `after`, what came for the group between the two has passed the reader by: it
   * comes first on the page, with the place `after`.
   */
  readonly joins?: readonly GroupJoin[] | undefined;
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
  /** Those whom it found read it from the log, and nobody says here when they have it. */
  readonly comesByReading?: true;
}

/** This node, as its log sees it. */
export interface LogFollower {
  /** Delivers a message to the connections of this node. Called in the order of the log; does not throw. */
  deliver(message: LoggedMessage, target: Target): Delivery;
  /** Whether a message for this target is for anybody here, as far as can be said without looking at exceptions. */
  reaches(target: Target): boolean;
  /** Whom a message for this target finds here now. */
  match(target: Target): MatchCount;
  /**
   * Messages may pass this node by from now on. Whoever it concerns has had everything up to this place, and is not to
   * get anything more before it was brought up to date. Partitions that it does not concern go on.
   */
  interrupted(place: Cursor, concerns: AudienceFilter): void;
  /** Something that was out of reach is followed again: who is heard for again is to be brought up to date and goes on. */
  recovered(): void;
  /** A message has been lost whose place among those that were delivered since nobody can tell: it is a gap, at this place. */
  missed(place: Cursor, concerns: AudienceFilter): void;
}

/** Whether an audience is one of those that something is about. */
export type AudienceFilter = (audience: Audience) => boolean;

/**
 * The ordered log of messages: gives each its place. What happens in one partition happens in one order, in which all
 * nodes hear of it, and a place is never given twice within an epoch.
 *
 * Out of reach, `publish` and `read` reject with a PushError: `PUSH_ERR_UNAVAILABLE` where nothing has happened,
 * `PUSH_ERR_PUBLISH_UNKNOWN` where the message may have been taken.
 */
export interface MessageLog extends Attendance {
  /** The place up to which this node has heard all that it attends to; number 0 before the first message. */
  readonly position: Cursor;
  /** Whether all partitions are within reach. */
  readonly isFollowing: boolean;
  /**
   * Whether this node hears now of all that is for an audience which it attends. `false` where part of it is out of reach,
   * until `recovered`. A promise where it is about to: it resolves when there is news, after which it is to be asked again.
   */
  hears(audience: Audience): boolean | Promise<void>;
  /**
   * Whether messages, and what nodes say to each other, are heard in the one order in which they were published. Where
   * they are not, a message can be there before the word of a membership that was made before it was sent.
   * @default false
   */
  readonly isInOneOrder?: boolean;
  /**
   * A place that no message for this group has that is published from now on, and that every one had that was published
   * before: where a membership begins. At once where the log is this process's own.
   */
  joiningPlace(group: string): Cursor | Promise<Cursor>;
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
