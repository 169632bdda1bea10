/**
 * The page's connection: one `PushClient` at a time, on the transports that the visitor chose. A change of mind makes a
 * new client that goes on from the old one's cursor, in the same rooms and with the same listeners, so nothing is missed
 * and nothing comes twice.
 */
import { PushClient } from '../nestjs-push/client/index.js';
import { fits } from './shapes.js';

/** What the visitor can choose, and what the client is given for it. */
const CHOICES = { auto: ['ws', 'sse', 'poll'], ws: ['ws'], sse: ['sse'], poll: ['poll'] };

/** What is written while there is no connection waits for so long. */
const REQUEST_TIMEOUT_MS = 60_000;

/** The choice that the address holds, so that it outlives a reload and can be handed on. */
export function choiceOfAddress() {
  const choice = new URLSearchParams(location.search).get('transport');
  return Object.hasOwn(CHOICES, choice) ? choice : 'auto';
}

/** Keeps the choice in the address. */
export function keepChoice(choice) {
  const url = new URL(location.href);
  if (choice === 'auto') url.searchParams.delete('transport');
  else url.searchParams.set('transport', choice);
  history.replaceState(null, '', url);
}

export class ShopConnection {
  #token;
  #choice;
  #client;
  #listeners = [];
  #rooms = new Set();

  constructor(token, choice) {
    this.#token = token;
    this.#choice = choice;
  }

  /** Listens to this event, where its data fits, on every client that there will be. */
  on(event, listen) {
    const listener = (data, about) => {
      if (fits(event, data)) listen(data, about);
    };
    this.#listeners.push([event, listener]);
    this.#client?.on(event, listener);
  }

  /** Connects, or does it again, now and from where it stands. */
  connect(choice = this.#choice) {
    this.#choice = choice;
    const former = this.#client;
    const cursor = former?.cursor;
    this.close();
    this.#client = new PushClient({
      token: this.#token,
      transports: CHOICES[choice],
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      ...(cursor && { cursor }),
    });
    for (const [event, listener] of this.#listeners) this.#client.on(event, listener);
    // Asked for before it connects, they go along with the connection, and what was said there meanwhile is replayed.
    for (const room of this.#rooms) this.#client.join(room).catch(() => {});
  }

  /** Ends for good; nobody is told, because it is the page itself that wants it. */
  close() {
    for (const [event, listener] of this.#listeners) this.#client?.off(event, listener);
    this.#client?.close();
  }

  request(event, data) {
    return this.#client.request(event, data);
  }

  send(to, event, data) {
    return this.#client.send(to, event, data);
  }

  async join(room) {
    await this.#client.join(room);
    this.#rooms.add(room);
  }

  async leave(room) {
    this.#rooms.delete(room);
    await this.#client.leave(room);
  }
}
