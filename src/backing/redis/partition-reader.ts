import type { Exclusion } from '../../core/delivery-target.js';
import type { Place } from '../../protocol/cursor.js';
import type { LogGap } from '../message-log.interface.js';
import type { LogPartition } from './log-partition.js';
import type { LogReaderParts } from './log-parts.js';
import { FIRST_NONCE, toPlace } from './log-place.js';
import type { LogPlace } from './log-place.js';
import { READ_SCRIPT } from './read-script.js';
import { unavailable } from './redis-failures.js';
import { RedisScript } from './redis-script.js';
import type { ServerClock } from './server-clock.js';

/** Most messages that one script hands out: Lua cannot answer any number. */
const MAX_ENTRIES = 500;

const SCRIPT = new RedisScript(READ_SCRIPT);

/** A list that is read. */
export interface ReadTarget {
  readonly list: string;
  /** Where the reader came into the group, where that is not behind it. */
  readonly joinedAfter: LogPlace | undefined;
}

/** What room a page has left. */
export interface PageRoom {
  readonly messages: number;
  readonly bytes: number;
}

/** A kept message. */
export interface LogEntry {
  readonly place: LogPlace;
  readonly storedAtMs: number;
  readonly except: Exclusion | undefined;
  /** From when on nobody is to get it any more, by `performance.now()`. */
  readonly endsAtMs: number | undefined;
  /** The envelope with an empty cursor. */
  readonly text: string;
}

/** Reads what one partition holds for a page, one message after another. */
export class PartitionReader {
  private entries: readonly LogEntry[] = [];
  private at = 0;
  private hasMore = false;
  private begin: LogPlace;
  private isReset = false;
  private lostThrough = 0;
  private hasLostBehind = false;
  private after: LogPlace;
  private hasBegun = false;

  constructor(
    private readonly parts: LogReaderParts,
    private readonly partition: LogPartition,
    private readonly targets: readonly ReadTarget[],
    given: LogPlace,
    private readonly position: LogPlace,
    private readonly toldThrough: number,
  ) {
    this.begin = given;
    this.after = given;
  }

  get index(): number {
    return this.partition.index;
  }

  /** The next message; undefined at the end. */
  get head(): LogEntry | undefined {
    return this.entries[this.at];
  }

  /** Where the page begins. */
  get start(): Place {
    return toPlace(this.begin);
  }

  get gap(): LogGap | undefined {
    if (this.isReset) return 'reset';
    return this.isLost ? 'expired' : undefined;
  }

  /** The place with what its reader is told by now. */
  told({ number, epoch }: Place): Place {
    const toldThrough = this.gap === undefined ? this.toldBefore : Math.max(this.lostThrough, 0);
    return toldThrough > number ? { epoch, number, toldThrough } : { epoch, number };
  }

  /** What lies behind the start, for groups that the reader has come into. */
  takeBehind(): readonly LogEntry[] {
    const from = this.at;
    while (this.head && this.head.place.number <= this.begin.number) this.at++;
    return this.entries.slice(from, this.at);
  }

  /** Goes to the message after the head. */
  async advance(room: PageRoom): Promise<void> {
    this.at++;
    if (this.head || !this.hasMore) return;
    this.after = this.entries.at(-1)?.place ?? this.position;
    await this.fetch(room);
  }

  /** Reads the next messages. Rejects where they cannot be read, or the log has begun anew meanwhile. */
  async fetch({ messages, bytes }: PageRoom): Promise<void> {
    const { connections, serverClock, historyMs, forgetMs, fixedNow } = this.parts;
    if (!connections.isReady) throw unavailable();
    const places = [this.after, this.position].flatMap(({ epoch, nonce, number }) => [epoch, nonce, number]);
    // One more than has room, to know whether there is more.
    const limits = [Math.min(MAX_ENTRIES, messages + 1), bytes];
    const wanted = this.targets.flatMap(({ list, joinedAfter }) => [list, this.beginningOf(joinedAfter)]);
    const args = [fixedNow(), this.position.epoch, ...places, ...limits, historyMs, forgetMs, ...wanted];
    const askedAtMs = performance.now();
    const answer = await SCRIPT.run(connections.commands, this.partition.root, args).catch((cause: unknown) => {
      throw unavailable(cause);
    });
    const [verdict, now, start, isReset, lostThrough, lostBehind, hasMore, ...entries] = answer as string[];
    serverClock.learn(Number(now), askedAtMs);
    if (verdict === 'astray') {
      // The log began anew or lost its end, and this node has not heard of it. It will, by the probe.
      this.partition.probe().catch(() => {});
      throw unavailable();
    }
    this.take(Number(start), isReset === '1');
    this.lostThrough = Math.max(this.lostThrough, Number(lostThrough));
    this.hasLostBehind ||= lostBehind === '1';
    this.hasMore = hasMore === '1';
    this.entries = entries.map((entry) => entryOf(this.position.epoch, entry, serverClock));
    this.at = 0;
  }

  private take(start: number, isReset: boolean): void {
    // What was held when the page was begun is gone now, or the log has begun anew.
    if (this.hasBegun && isReset) throw unavailable();
    if (this.hasBegun) return;
    this.hasBegun = true;
    this.isReset = isReset;
    if (isReset) this.begin = start === 0 ? { ...this.position, number: 0, nonce: FIRST_NONCE } : this.position;
  }

  /** A place of another epoch says nothing of this one. On later reads the page has come past it. */
  private beginningOf(place: LogPlace | undefined): string {
    if (place?.epoch !== this.position.epoch) return '';
    return `${this.hasBegun ? Math.max(place.number, this.after.number) : place.number}`;
  }

  private get toldBefore(): number {
    // Nobody can have been told of what is yet to be lost.
    return this.isReset ? 0 : Math.min(this.toldThrough, this.position.number);
  }

  private get isLost(): boolean {
    return this.hasLostBehind || this.lostThrough > Math.max(this.begin.number, this.toldBefore);
  }
}

/** An entry as the script keeps it: a line of fields, a line of exceptions, the envelope with an empty cursor. */
function entryOf(epoch: string, entry: string, serverClock: ServerClock): LogEntry {
  const fieldsEnd = entry.indexOf('\n');
  const exceptEnd = entry.indexOf('\n', fieldsEnd + 1);
  const [number = '', nonce = '', storedAt, ends = '0'] = entry.slice(0, fieldsEnd).split(' ', 4);
  const except = entry.slice(fieldsEnd + 1, exceptEnd);
  return {
    place: { epoch, nonce, number: Number(number) },
    storedAtMs: Number(storedAt),
    except: except === '' ? undefined : (JSON.parse(except) as Exclusion),
    endsAtMs: ends === '0' ? undefined : performance.now() + Number(ends) - serverClock.now(),
    text: entry.slice(exceptEnd + 1),
  };
}
