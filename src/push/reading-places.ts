import type { Connection } from '../core/connection.js';
import type { Cursor } from '../protocol/cursor.js';

/** So many are read for at a time after a break, so that a crowd does not drown the log. */
const CONCURRENT_READS = 64;

/** How far connections have got that are not live, and which of them wait until the log is followed again. */
export class ReadingPlaces {
  private readonly places = new WeakMap<Connection, Cursor>();
  private readonly waiting = new Set<Connection>();

  /** Connections that wait. */
  get waitingCount(): number {
    return this.waiting.size;
  }

  /** Where the connection stands; undefined for one that is live. */
  of(connection: Connection): Cursor | undefined {
    return this.places.get(connection);
  }

  /** Whether the connection waits until it can be read for. */
  isWaiting(connection: Connection): boolean {
    return this.waiting.has(connection);
  }

  /** It has had everything up to this place. */
  reach(connection: Connection, place: Cursor): void {
    this.places.set(connection, place);
  }

  /** Nobody can read for it: it waits, with the place that it has reached, unless it has ended. */
  wait(connection: Connection, place: Cursor): void {
    this.reach(connection, place);
    if (connection.isOpen) this.waiting.add(connection);
  }

  /** It has ended. Those who come and go while the log is out of reach leave nothing behind. */
  end(connection: Connection): void {
    this.waiting.delete(connection);
  }

  /** Has those of the waiting that are to go on be read for, each from its place and some at a time. */
  goOn(
    isToGoOn: (connection: Connection) => boolean,
    readOn: (connection: Connection, place: Cursor) => Promise<void>,
  ): void {
    const waiting = this.takeWaiting(isToGoOn);
    const readNext = async (): Promise<void> => {
      for (let next = waiting.pop(); next; next = waiting.pop()) await readOn(...next);
    };
    for (let count = 0; count < CONCURRENT_READS; count++) void readNext();
  }

  /** It is live: it stands where this node does. */
  forget(connection: Connection): void {
    this.places.delete(connection);
  }

  /** Takes them out, with their places. */
  private takeWaiting(isToGoOn: (connection: Connection) => boolean): [Connection, Cursor][] {
    const taken: [Connection, Cursor][] = [];
    for (const connection of this.waiting) {
      const place = this.places.get(connection);
      if (!place || !isToGoOn(connection)) continue;
      this.waiting.delete(connection);
      taken.push([connection, place]);
    }
    return taken;
  }
}
