/**
 * A log that lives as long as the process: each start has an epoch of its own.
 *
 * It numbers messages and decides what a reader may see; what is held, and for how long, is {@link MessageHistory}'s.
 * An append costs the envelope's text, one record and a look-up per target. Everything is synchronous, so a page is
 * the log as it was at one moment: what is appended afterwards has a number past the page's `through` or, where there
 * is more to read, is part of it.
 */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../core/clock.js';
import type { Clock } from '../../core/clock.js';
import type { Exclusion, Target } from '../../core/delivery-target.js';
import { identityOfExclusion } from '../../core/target-identity.js';
import { encodeCursor } from '../../protocol/cursor.js';
import type { Cursor, Place } from '../../protocol/cursor.js';
import { encodeMessage, withCursor } from '../../protocol/frame-encoder.js';
import { defaultHistoryAllCount } from '../message-log.interface.js';
import type {
  Delivery,
  GroupJoin,
  LogFollower,
  LoggedMessage,
  LogGap,
  LogPage,
  MessageContent,
  MessageLog,
  MessageLogLimits,
  MessageRouting,
  ReplayRequest,
} from '../message-log.interface.js';
import { HistoryShelf } from './history-shelf.js';
import { MessageHistory } from './message-history.js';
import type { MessageStore } from './message-store.js';
import type { MessageTerms } from './message-terms.js';
import { ReplayMerge } from './replay-merge.js';
import type { ReplaySource } from './replay-merge.js';

/** Where a replay begins. */
interface Start {
  readonly number: number;
  readonly toldThrough: number;
  readonly gap: LogGap | undefined;
}

/** Who reads, at this moment. */
interface Reader {
  readonly userId: string;
  readonly groups: ReadonlySet<string>;
  readonly nowMs: number;
}

/** A message as it was kept. */
interface ReadMessage {
  readonly number: number;
  readonly text: string;
  readonly terms: MessageTerms | undefined;
}

/** Keeps messages in this process. */
export class MemoryMessageLog implements MessageLog {
  private readonly epoch = randomBytes(6).toString('base64url');
  private readonly messages: MessageStore;
  private readonly history: MessageHistory;
  private lastNumber = 0;
  private follower: LogFollower | undefined;

  constructor(
    { historyCount = 100, historySeconds = 300, historyAllCount, maxHistoryBytes = 268_435_456 }: MessageLogLimits = {},
    private readonly clock: Pick<Clock, 'now'> = systemClock,
    /** Where its messages stand with those of other tenants, whose bytes are bounded together. */
    shelf?: HistoryShelf,
  ) {
    const limits = {
      historyCount,
      historySeconds,
      historyAllCount: historyAllCount ?? defaultHistoryAllCount(historyCount),
      maxHistoryBytes,
    };
    const kept = shelf ?? new HistoryShelf(limits);
    this.messages = kept.messages;
    this.history = new MessageHistory(limits, kept);
  }

  get position(): Cursor {
    return [this.placeOf(this.lastNumber)];
  }

  /** Its own process cannot miss a message. */
  get isFollowing(): boolean {
    return true;
  }

  attend(): void {}

  leave(): void {}

  hears(): boolean {
    return true;
  }

  joiningPlace(): Cursor {
    return this.position;
  }

  /** What the kept messages weigh, about. */
  get bytes(): number {
    return this.history.bytes;
  }

  follow(follower: LogFollower): void {
    this.follower = follower;
  }

  publish(content: MessageContent, routing: MessageRouting): Delivery {
    const logged = this.append(content, routing);
    const { traceparent } = content;
    if (!this.follower) throw new Error('nobody follows the log');
    const traced = traceparent === undefined ? logged : { ...logged, traceparent };
    return this.follower.deliver(traced, routing.target);
  }

  /** Gives up all that is kept. The log is not used afterwards. */
  clear(): void {
    this.history.clear(this.clock.now());
  }

  private append({ event, dataText, id, ts, from }: MessageContent, routing: MessageRouting): LoggedMessage {
    const isKept = routing.store !== 'none' && outlivesConnections(routing.target);
    const number = isKept ? ++this.lastNumber : 0;
    const cursor = this.cursorOf(this.lastNumber);
    const text = encodeMessage({ event, dataText, id, cursor, ts, from });
    const byteLength = Buffer.byteLength(text);
    if (isKept) {
      this.history.keep({ number, text, byteLength, storedAtMs: this.clock.now() }, termsOf(routing), routing.target);
    }
    const endsAtMs = this.endOf(routing);
    return { text, byteLength, cursor, number, partition: 0, collapseId: routing.collapseKey, endsAtMs };
  }

  async read({ after, audience, joins = [], maxMessages, maxBytes }: ReplayRequest): Promise<LogPage> {
    const reader = { userId: audience.userId, groups: new Set(audience.groups), nowMs: this.clock.now() };
    const start = this.startOf(after);
    const { sources, lostThrough, hasLostJoined } = this.sourcesOf(reader, start, joins);
    const isLost = hasLostJoined || lostThrough > Math.max(start.number, start.toldThrough);
    const gap = start.gap ?? (isLost ? 'expired' : undefined);
    const toldThrough = gap === undefined ? start.toldThrough : lostThrough;

    const merge = new ReplayMerge(this.messages, sources, start.number);
    const { read, hasMore } = this.collect(merge, reader, maxMessages, maxBytes);
    const last = hasMore ? read.at(-1)?.number : undefined;
    const through = last === undefined ? this.lastNumber : Math.max(last, start.number);
    return {
      resumedFrom: [this.placeOf(start.number, toldThrough)],
      messages: read.map((message) => this.loggedAfter(message, { ...start, toldThrough })),
      through: [this.placeOf(through, toldThrough)],
      hasMore,
      gap,
    };
  }

  /** What is held for the reader. Of a group that it has just joined only what came since. */
  private sourcesOf({ userId, groups, nowMs }: Reader, { number: after }: Start, joins: readonly GroupJoin[]) {
    const joined = new Map(joins.map(({ group, after: [place] }) => [group, this.joinedAfter(place, after)] as const));
    const others = [...groups].filter((group) => !joined.has(group));
    const { histories, lostThrough } = this.history.of(userId, others, nowMs);
    const sources: ReplaySource[] = histories.map((history) => ({ history, after, isJoined: false }));
    let joinedLost = 0;
    for (const [group, from] of joined) {
      const held = groups.has(group) ? this.history.ofGroup(group, nowMs) : undefined;
      for (const history of held?.histories ?? []) sources.push({ history, after: from, isJoined: true });
      if (held && held.lostThrough > from) joinedLost = Math.max(joinedLost, held.lostThrough, after);
    }
    return { sources, lostThrough: Math.max(lostThrough, joinedLost), hasLostJoined: joinedLost > 0 };
  }

  /** The messages of one page; one always has room. There is more only if the reader may see it. */
  private collect(merge: ReplayMerge, reader: Reader, maxMessages: number, maxBytes: number) {
    const { messages } = this;
    const read: ReadMessage[] = [];
    let bytes = 0;
    for (let next = merge.next(); next !== undefined; next = merge.next()) {
      const terms = messages.termsOf(next);
      if (terms && !maySee(terms, reader)) continue;
      bytes += messages.byteLengthOf(next);
      if (read.length > 0 && (read.length >= maxMessages || bytes > maxBytes)) return { read, hasMore: true };
      read.push({ number: messages.numberOf(next), text: messages.textOf(next), terms });
    }
    return { read, hasMore: false };
  }

  /** A place of another epoch says nothing about the group, so that of the reader holds. */
  private joinedAfter({ epoch, number }: Place, after: number): number {
    return epoch === this.epoch ? Math.min(number, this.lastNumber) : after;
  }

  /**
   * What has passed the reader by gets the place that it has, or it would be set back by it. Each says which gap the reader was
   * told of before it, so that whoever comes back with it is not told of the same one again.
   */
  private loggedAfter({ text, number, terms }: ReadMessage, { number: after, toldThrough }: Start): LoggedMessage {
    const endsAtMs = terms && this.endOf(terms);
    const written = this.cursorOf(number);
    if (number > Math.max(after, toldThrough)) return { text, cursor: written, number, partition: 0, endsAtMs };
    const cursor = encodeCursor([this.placeOf(Math.max(number, after), toldThrough)]);
    return { text: withCursor(text, written, cursor), cursor, number, partition: 0, endsAtMs };
  }

  private endOf({ expiresAtMs }: Pick<MessageRouting, 'expiresAtMs'>): number | undefined {
    return expiresAtMs === undefined ? undefined : performance.now() + expiresAtMs - this.clock.now();
  }

  private startOf([{ epoch, number, toldThrough = 0 }, ...others]: Cursor): Start {
    if (epoch !== this.epoch || others.length > 0) return { number: 0, toldThrough: 0, gap: 'reset' };
    if (number > this.lastNumber) return { number: this.lastNumber, toldThrough: 0, gap: 'reset' };
    // Nobody can have been told of what is yet to be lost: a higher number was not written here.
    return { number, toldThrough: Math.min(toldThrough, this.lastNumber), gap: undefined };
  }

  /** Without a word of gaps before the place: those are behind whoever stands there. */
  private placeOf(number: number, toldThrough = 0): Place {
    return toldThrough > number ? { epoch: this.epoch, number, toldThrough } : { epoch: this.epoch, number };
  }

  private cursorOf(number: number): string {
    return encodeCursor([this.placeOf(number)]);
  }
}

function outlivesConnections(target: Target): boolean {
  return target.all === true || Boolean(target.users?.length) || Boolean(target.groups?.length);
}

function termsOf({ target: { except }, expiresAtMs, collapseKey }: MessageRouting): MessageTerms | undefined {
  if (except === undefined && expiresAtMs === undefined && collapseKey === undefined) return undefined;
  const collapseId = collapseKey === undefined ? undefined : collapseIdOf(collapseKey, except);
  return { expiresAtMs, collapseId, except: except && copyOf(except) };
}

/** The sender's object is the sender's to change; whom the message spares was settled when it was sent. */
function copyOf({ users = [], groups = [], connections = [] }: Exclusion): Exclusion {
  return { users: [...users], groups: [...groups], connections: [...connections] };
}

/** Messages with other exceptions are for other readers: the newer one would not make up for the older. */
function collapseIdOf(collapseKey: string, except: Exclusion | undefined): string {
  return `${collapseKey.length}:${collapseKey}${identityOfExclusion(except)}`;
}

function maySee({ expiresAtMs, except }: MessageTerms, { userId, groups, nowMs }: Reader): boolean {
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) return false;
  if (except?.users?.includes(userId)) return false;
  return !except?.groups?.some((group) => groups.has(group));
}
