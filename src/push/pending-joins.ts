import type { GroupJoin } from '../backing/message-log.interface.js';
import type { Connection } from '../core/connection.js';
import type { Cursor, Place } from '../protocol/cursor.js';
import type { Lateness } from './membership-word.js';

/** Most groups per connection of which it is known how far it had them; beyond that the first ones are forgotten. */
const MAX_LEFT = 100;

/**
 * The groups that the server put connections into while they were live or being read for, until their messages have been
 * read from where the membership begins.
 */
export class PendingJoins {
  private readonly unread = new WeakMap<Connection, readonly GroupJoin[]>();
  /** Those that were read with, and whose beginning still lies ahead. */
  private readonly ahead = new WeakMap<Connection, readonly GroupJoin[]>();

  /** At which place they began, or came back: what is before that is behind them. */
  private readonly began = new WeakMap<Connection, Cursor>();
  /** Where they stood when this node was cut off last. */
  private readonly stood = new WeakMap<Connection, Cursor>();
  /** Up to where they had the messages of groups that they were taken out of. */
  private readonly gone = new WeakMap<Connection, Map<string, Cursor>>();

  /** The connection begins at this place, or has come back with it. */
  begin(connection: Connection, after: Cursor): void {
    this.began.set(connection, after);
  }

  /** This node hears no more for the connection, which stands at this place. */
  cutOff(connection: Connection, place: Cursor): void {
    this.stood.set(connection, place);
  }

  /** The connection, which stands at this place, leaves the group. */
  left(connection: Connection, group: string, place: Cursor): void {
    const gone = this.gone.get(connection) ?? new Map<string, Cursor>();
    this.gone.set(connection, gone);
    gone.delete(group);
    gone.set(group, place);
    for (const first of gone.keys()) if (gone.size > MAX_LEFT) gone.delete(first);
  }

  /**
   * A place up to which the connection, which comes into the group by so late a word, has had its messages, or was not to;
   * undefined where none is known.
   */
  hadThrough(connection: Connection, group: string, lateness: Exclude<Lateness, 'none'>): Cursor | undefined {
    const had = this.gone.get(connection)?.get(group) ?? this.began.get(connection);
    const stood = lateness === 'cut-off' ? this.stood.get(connection) : undefined;
    return had && stood ? furthest(had, stood) : (stood ?? had);
  }

  add(connection: Connection, join: GroupJoin): void {
    this.unread.set(connection, [...(this.unread.get(connection) ?? []), join]);
  }

  /** Whether there are some that nothing was read with. */
  hasUnread(connection: Connection): boolean {
    return this.unread.has(connection);
  }

  /** Whether there are some beside those that a page was read with: they came during the read. */
  hasOthersThan(connection: Connection, joins: readonly GroupJoin[] = []): boolean {
    return this.unread.get(connection)?.some((join) => !joins.includes(join)) ?? false;
  }

  /** What the next page is to be read with. */
  of(connection: Connection): readonly GroupJoin[] | undefined {
    const unread = this.unread.get(connection);
    const ahead = this.ahead.get(connection);
    return unread && ahead ? [...ahead, ...unread] : (unread ?? ahead);
  }

  /** A page was read with these, through this place. */
  read(connection: Connection, joins: readonly GroupJoin[] | undefined, through: Cursor): void {
    if (!joins) return;
    const unread = (this.unread.get(connection) ?? []).filter((join) => !joins.includes(join));
    const ahead = joins
      .filter(({ after }) => !isWithin(after, through))
      .map(({ group, after }) => ({ group, after: furthest(after, through) }));
    keep(this.unread, connection, unread);
    keep(this.ahead, connection, ahead);
  }

  /** The connection is live: nothing is left to be read. How far it had what stays known, for words that come late. */
  forget(connection: Connection): void {
    for (const known of [this.unread, this.ahead]) known.delete(connection);
  }
}

/** Whether a node at the one place has heard nothing that came after the other. */
export function isWithin(place: Cursor, other: Cursor): boolean {
  return place.every(({ number }, partition) => number <= (other[partition]?.number ?? 0));
}

function keep(
  kept: WeakMap<Connection, readonly GroupJoin[]>,
  connection: Connection,
  joins: readonly GroupJoin[],
): void {
  if (joins.length > 0) kept.set(connection, joins);
  else kept.delete(connection);
}

/** The further of two places in each partition. */
export function furthest([first, ...others]: Cursor, other: Cursor): Cursor {
  return [further(first, other[0]), ...others.map((place, index) => further(place, other[index + 1]))];
}

function further(one: Place, other: Place | undefined): Place {
  return other && other.number > one.number ? other : one;
}
