import type { Envelope } from '../protocol/frames.js';

/** How many ids are remembered to know a repeat by. More than one answer or replay page holds. */
const REMEMBERED_IDS = 1024;

/** Where the client stands in the log, and which messages it has had. */
export class Inbox {
  readonly #ids = new Set<string | undefined>();

  constructor(public cursor: string | undefined) {}

  /** Moves the place on. Answers whether the message is new. */
  take({ id, cursor }: Envelope): boolean {
    // A repeat must not move the place back.
    if (this.#ids.has(id)) return false;
    if (id !== undefined) this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > REMEMBERED_IDS) this.#ids.delete(oldest);
    this.cursor = cursor ?? this.cursor;
    return true;
  }
}
