import type { Exclusion } from '../../core/delivery-target.js';
import { encodeCursor } from '../../protocol/cursor.js';
import type { Cursor } from '../../protocol/cursor.js';
import { withCursor } from '../../protocol/frame-encoder.js';
import type { LoggedMessage } from '../message-log.interface.js';
import type { LogEntry, PageRoom } from './partition-reader.js';

/** Who reads, at this moment. */
interface PageReader {
  readonly userId: string;
  readonly groups: ReadonlySet<string>;
}

/** The messages of one page: those that the reader may see and that have room. */
export class PageBuilder {
  private readonly messages: LoggedMessage[] = [];
  /** The places after each of them. */
  private readonly cursors: Cursor[] = [];
  private bytes = 0;
  private behind = 0;

  constructor(
    private readonly reader: PageReader,
    private readonly maxMessages: number,
    private readonly maxBytes: number,
  ) {}

  /** What may still be added. */
  get room(): PageRoom {
    return { messages: Math.max(this.maxMessages - this.messages.length + this.behind, 0), bytes: this.maxBytes };
  }

  /** The messages with the places after them as `told` gives them, which says what the reader is told of before them. */
  messagesTold(told: (cursor: Cursor) => Cursor): LoggedMessage[] {
    return this.messages.map((message, index) => {
      const given = this.cursors[index];
      const cursor = given ? encodeCursor(told(given)) : message.cursor;
      return cursor === message.cursor
        ? message
        : { ...message, cursor, text: withCursor(message.text, message.cursor, cursor) };
    });
  }

  /** Adds a message that has passed the reader by. It has always room, and the place at which the reader stands. */
  addBehind({ except, text, place, endsAtMs }: LogEntry, partition: number, stands: Cursor): void {
    if (!this.maySee(except)) return;
    this.behind++;
    const cursor = encodeCursor(stands);
    this.cursors.push(stands);
    this.messages.push({ text: withCursor(text, '', cursor), cursor, number: place.number, partition, endsAtMs });
  }

  /** Adds a message, unless it is not for the reader or has no room. `placesAfter` gives the places after it. */
  add(entry: LogEntry, partition: number, placesAfter: () => Cursor): 'added' | 'hidden' | 'full' {
    const { except, text: bare, place, endsAtMs } = entry;
    if (!this.maySee(except)) return 'hidden';
    const places = placesAfter();
    const cursor = encodeCursor(places);
    const text = withCursor(bare, '', cursor);
    const bytes = this.bytes + Buffer.byteLength(text);
    const count = this.messages.length - this.behind;
    if (count > 0 && (count >= this.maxMessages || bytes > this.maxBytes)) return 'full';
    this.bytes = bytes;
    this.cursors.push(places);
    this.messages.push({ text, cursor, number: place.number, partition, endsAtMs });
    return 'added';
  }

  private maySee(except: Exclusion | undefined): boolean {
    if (!except) return true;
    const { userId, groups } = this.reader;
    return !except.users?.includes(userId) && !except.groups?.some((group) => groups.has(group));
  }
}
