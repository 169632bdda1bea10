/**
 * The client: listeners on one side, a {@link Link} on the other, which is a connection of its own or one that the tabs
 * of the browser share. Private members are `#names`, which a minifier shortens.
 */
import type { Envelope } from '../protocol/frames.js';
import type { ArgumentsOf, EventData, EventName } from '../protocol/push-events.js';
import type { PushStatus } from './client-events.js';
import type { PushClientOptions } from './client-options.js';
import { PushReplyError } from './client-errors.js';
import { Connection } from './connection.js';
import { Emitter } from './emitter.js';
import { GroupWishes } from './group-wishes.js';
import { Inbox } from './inbox.js';
import type { Link } from './link.interface.js';
import { Outbox } from './outbox.js';
import { platform } from './platform.js';
import { PushServer } from './push-server.js';
import { SharedTabs } from './shared-tabs.js';

/** To whom a {@link PushClient.send} goes: every connection of one user, or in one group. */
export type SendTarget =
  { readonly user: string; readonly group?: never } | { readonly group: string; readonly user?: never };

/** What may be said of one request. */
export interface RequestOptions {
  /** @default the option `requestTimeoutMs` */
  readonly timeoutMs?: number;
}

/** What follows the name of an event: its data, which only an event that may have none can leave out. */
export type SendArguments<Event extends EventName> = ArgumentsOf<EventData<Event>, RequestOptions>;

/** A connection to a server of nestjs-push that keeps itself alive. */
export class PushClient extends Emitter {
  readonly #wishes = new GroupWishes();
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #link: Link;

  /**
   * Begins to connect once the present task is over. Throws a TypeError when `url` is no address, a time is none that a
   * timer takes, the queue has no room, or no transport is left.
   */
  constructor(options: PushClientOptions) {
    super();
    const server = new PushServer(options);
    const { transports = ['ws', 'sse', 'poll'], cursor, shareTabs } = options;
    const settings = {
      requestTimeoutMs: 10_000,
      maxQueuedRequests: 100,
      retryBaseMs: 1_000,
      retryMaxMs: 30_000,
      openTimeoutMs: 10_000,
      climbAfterMs: 60_000,
      ...options,
      transports: transports.filter((name) => server.WebSocket || name !== 'ws'),
    };
    for (const name in settings) {
      const value = settings[name as 'retryBaseMs'];
      // What a timer cannot take would be over at once, and a queue without room would take nothing.
      if (/Ms$|^max/.test(name) && !(value > 0 && value <= 2_147_483_647)) throw new TypeError(`${name} ${value}`);
    }
    if (settings.transports.length === 0) throw new TypeError('no transport is left');
    this.#inbox = new Inbox(cursor);
    this.#outbox = new Outbox(settings);
    const parts = { settings, server, inbox: this.#inbox, outbox: this.#outbox };
    const deliver = (envelope: Envelope): void => this.emit(envelope);
    const { BroadcastChannel, navigator: { locks } = {} } = platform;
    this.#link =
      shareTabs && locks && BroadcastChannel
        ? new SharedTabs(locks, `${server.urlOf('handshake')} ${shareTabs}`, parts, this.#wishes, deliver)
        : new Connection(parts, this.#wishes, deliver);
  }

  /** How it stands now; `push:status` tells of changes. */
  get status(): PushStatus {
    return this.#link.status;
  }

  /** The place after the last message: a page that keeps it can go on from there. Undefined before the first connection. */
  get cursor(): string | undefined {
    return this.#inbox.cursor;
  }

  /**
   * Joins a group, now and on every later connection, until {@link leave}. Rejects with a PushReplyError when the server
   * refuses, and the wish is gone; with a PushClientError when there was no answer in time, and the wish stays. Nobody
   * has to catch it.
   */
  join(group: string): Promise<void> {
    this.#wishes.add(group);
    this.#link.wished();
    const joined = this.#outbox.request('push:join', { group }).then(
      () => {},
      (error: unknown) => {
        if (error instanceof PushReplyError) {
          this.#wishes.delete(group);
          this.#link.wished();
        }
        throw error;
      },
    );
    joined.catch(() => {});
    return joined;
  }

  /** Takes back a {@link join}. */
  async leave(group: string): Promise<void> {
    // Without an answer too no later connection asks for the group.
    this.#wishes.delete(group);
    await this.#link.unwished(group).catch(() => {});
  }

  /** Sends an event to a user or a group. Resolves with the identity of the message; rejects as {@link request} does. */
  send<Event extends EventName>(
    to: SendTarget,
    event: Event,
    ...[data, options]: SendArguments<Event>
  ): Promise<{ readonly id: string }> {
    return this.request('push:send', { to, event, data }, options);
  }

  /**
   * Sends a frame to the handlers of the application and resolves with what they answer. Waits in a queue while there is
   * no connection. Rejects with a PushReplyError when the server says no, else with a PushClientError.
   */
  request<Reply = unknown>(event: string, data?: unknown, options: RequestOptions = {}): Promise<Reply> {
    return this.#outbox.request(event, data, options.timeoutMs) as Promise<Reply>;
  }

  /** Ends it for good. What waits for an answer is rejected with `closed`. */
  close(): void {
    this.#link.close();
  }
}
