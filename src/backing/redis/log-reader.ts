/**
 * Reads pages of the log. The script reads at one moment; a page may take several of them, since exceptions are judged
 * here, and then what was lost in between is a gap of this page.
 */
import type { Exclusion } from '../../core/delivery-target.js';
import { encodeCursor } from '../../protocol/cursor.js';
import type { Cursor } from '../../protocol/cursor.js';
import { withCursor } from '../../protocol/frame-encoder.js';
import type { Audience, LoggedMessage, LogPage, ReplayRequest } from '../message-log.interface.js';
import type { LogChannel } from './log-channel.js';
import { FIRST_NONCE, fromPlace, toPlace } from './log-place.js';
import type { LogPlace } from './log-place.js';
import { READ_SCRIPT } from './read-script.js';
import type { RedisConnections } from './redis-connections.js';
import { unavailable } from './redis-failures.js';
import { RedisScript } from './redis-script.js';
import type { ServerClock } from './server-clock.js';

/** Most messages that one script hands out: Lua cannot answer any number. */
const MAX_ENTRIES = 500;

/** What the reader is made with. */
export interface LogReaderParts {
  readonly connections: RedisConnections;
  readonly channel: LogChannel;
  readonly serverClock: ServerClock;
  readonly root: string;
  readonly historyMs: number;
  readonly forgetMs: number;
  readonly fixedNow: () => string;
}

/** What the script found. */
interface Found {
  readonly start: number;
  readonly isReset: boolean;
  readonly lostThrough: number;
  readonly hasMore: boolean;
  readonly entries: readonly Entry[];
}

interface Entry {
  readonly place: LogPlace;
  readonly except: Exclusion | undefined;
  readonly text: string;
}

/** Reads the log in Redis. */
export class LogReader {
  private readonly script = new RedisScript(READ_SCRIPT);

  constructor(private readonly parts: LogReaderParts) {}

  /** One page up to the position of this node. */
  async read({ after, audience, maxMessages, maxBytes }: ReplayRequest): Promise<LogPage> {
    const { channel } = this.parts;
    const given = after.length === 1 ? fromPlace(after[0]) : { epoch: '', nonce: '', number: 0 };
    // Another node heard it before this one; or the log has lost its end, and this node is about to hear of that.
    if (given.epoch === channel.position.epoch && given.number > channel.position.number) await channel.probe();
    const position = channel.position;
    const groups = new Set(audience.groups);
    const page = new PageBuilder({ userId: audience.userId, groups }, maxMessages, maxBytes);
    const first = await this.find(given, position, audience.userId, groups, page.limits);
    let { lostThrough } = first;
    let isFull = page.add(first.entries);
    for (let found = first; found.hasMore && !isFull; isFull = page.add(found.entries)) {
      const last = found.entries.at(-1)?.place ?? position;
      found = await this.find(last, position, audience.userId, groups, page.limits);
      // What was held when the page was begun is gone now, or the log has begun anew.
      if (found.isReset) throw unavailable();
      lostThrough = Math.max(lostThrough, found.lostThrough);
    }
    return pageOf(after, startOf(first, given, position), first.isReset, lostThrough, position, page, isFull);
  }

  private async find(
    after: LogPlace,
    position: LogPlace,
    userId: string,
    groups: ReadonlySet<string>,
    limits: readonly number[],
  ): Promise<Found> {
    const { connections, channel, serverClock, root, historyMs, forgetMs, fixedNow } = this.parts;
    if (!connections.isReady) throw unavailable();
    const targets = ['a', `u:${userId}`, ...[...groups].map((name) => `g:${name}`)];
    const places = [after, position].flatMap(({ epoch, nonce, number }) => [epoch, nonce, number]);
    const args = [fixedNow(), position.epoch, ...places, ...limits, historyMs, forgetMs, ...targets];
    const answer = (await this.script.run(connections.commands, root, args).catch((cause: unknown) => {
      throw unavailable(cause);
    })) as string[];
    const [verdict, now, start, isReset, lostThrough, hasMore, ...entries] = answer;
    serverClock.set(Number(now));
    if (verdict === 'astray') {
      // The log began anew or lost its end, and this node has not heard of it. It will, by the probe.
      channel.probe().catch(() => {});
      throw unavailable();
    }
    return {
      start: Number(start),
      isReset: isReset === '1',
      lostThrough: Number(lostThrough),
      hasMore: hasMore === '1',
      entries: entries.map((entry) => entryOf(position.epoch, entry)),
    };
  }
}

/** The messages of one page: those that the reader may see and that have room. */
class PageBuilder {
  readonly messages: LoggedMessage[] = [];
  last: LogPlace | undefined;
  private bytes = 0;

  constructor(
    private readonly reader: { readonly userId: string; readonly groups: ReadonlySet<string> },
    private readonly maxMessages: number,
    private readonly maxBytes: number,
  ) {}

  /** Most messages and bytes to ask for: one more than has room, to know whether there is more. */
  get limits(): readonly number[] {
    return [Math.min(MAX_ENTRIES, Math.max(this.maxMessages - this.messages.length, 0) + 1), this.maxBytes];
  }

  /** Adds messages; true when one of them has no room. */
  add(entries: readonly Entry[]): boolean {
    for (const { place, except, text: bare } of entries) {
      if (!maySee(except, this.reader)) continue;
      const cursor = encodeCursor([toPlace(place)]);
      const text = withCursor(bare, '', cursor);
      this.bytes += Buffer.byteLength(text);
      const { length } = this.messages;
      if (length > 0 && (length >= this.maxMessages || this.bytes > this.maxBytes)) return true;
      this.messages.push({ text, cursor, number: place.number, partition: 0 });
      this.last = place;
    }
    return false;
  }
}

function startOf({ start, isReset }: Found, given: LogPlace, position: LogPlace): LogPlace {
  if (!isReset) return given;
  return start === 0 ? { ...position, number: 0, nonce: FIRST_NONCE } : position;
}

function pageOf(
  [{ toldThrough: told = 0 }]: Cursor,
  start: LogPlace,
  isReset: boolean,
  lostThrough: number,
  position: LogPlace,
  { messages, last }: PageBuilder,
  hasMore: boolean,
): LogPage {
  // Nobody can have been told of what is yet to be lost.
  const toldBefore = isReset ? 0 : Math.min(told, position.number);
  const isLost = lostThrough > Math.max(start.number, toldBefore);
  const gap = isReset ? 'reset' : isLost ? 'expired' : undefined;
  const toldThrough = gap === undefined ? toldBefore : lostThrough;
  return {
    resumedFrom: [toPlace(start, toldThrough)],
    messages,
    through: [toPlace((hasMore && last) || position, toldThrough)],
    hasMore,
    gap,
  };
}

/** An entry as the script keeps it: a line of fields, a line of exceptions, the envelope with an empty cursor. */
function entryOf(epoch: string, entry: string): Entry {
  const fieldsEnd = entry.indexOf('\n');
  const exceptEnd = entry.indexOf('\n', fieldsEnd + 1);
  const [number = '', nonce = ''] = entry.slice(0, fieldsEnd).split(' ', 2);
  const except = entry.slice(fieldsEnd + 1, exceptEnd);
  return {
    place: { epoch, nonce, number: Number(number) },
    except: except === '' ? undefined : (JSON.parse(except) as Exclusion),
    text: entry.slice(exceptEnd + 1),
  };
}

function maySee(
  except: Exclusion | undefined,
  { userId, groups }: Audience & { readonly groups: ReadonlySet<string> },
) {
  if (!except) return true;
  return !except.users?.includes(userId) && !except.groups?.some((group) => groups.has(group));
}
