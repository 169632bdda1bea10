/**
 * How a rule speaks to a server without knowing the transport. A driver opens clients of one transport; a client gives
 * what came as frames, carries frames the other way and says why it ended. What differs between transports by
 * PROTOCOL.md is in the members of the driver, so that a rule can be written once.
 */
import { eventuallyDefined } from '../support/eventually.js';
import type { ConformanceServer } from './conformance-server.js';
import { FrameInbox, dataOf } from './frame-inbox.js';
import type { Frame } from './frame-inbox.js';
import type { Answer, Headers, Query } from './http-exchange.js';
import { publish } from './http-exchange.js';

export type TransportName = 'ws' | 'sse' | 'poll';

/** Why a client ended: a close code, or the status where there are none. */
export type End = { readonly code: number } | { readonly status: number };

/** How to connect. */
export interface OpenOptions {
  readonly userId: string;
  readonly token: string;
  readonly cursor?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  /** In place of `groups`: each is a `?groups=` of its own. */
  readonly groupLists?: readonly string[] | undefined;
}

/** The parameters of a request with these options. */
export function queryOf({ cursor, groups, groupLists }: Omit<OpenOptions, 'userId' | 'token'>): Query {
  return { cursor, groups: groupLists ?? groups?.join(',') };
}

/** One client as a rule sees it. */
export abstract class WireClient {
  readonly inbox = new FrameInbox();
  /** The first frame where the transport has one. It is not in the inbox. */
  welcome: Frame | undefined;
  /** The last cursor that was seen. */
  cursor: string | undefined;
  ended: End | undefined;

  constructor(readonly userId: string) {}

  /** Sends one raw frame and waits for its reply. */
  abstract sendText(text: string): Promise<Frame>;
  /** Breaks the line without a goodbye. */
  abstract cut(): void;

  /** Sends a frame and waits for what carries its `ref`. */
  async request(event: string, data?: unknown): Promise<Frame> {
    const ref = `c-${Math.random()}`;
    const reply = await this.sendText(JSON.stringify({ event, data, ref }));
    if (reply['ref'] !== ref) throw new Error(`the reply has another ref: ${JSON.stringify(reply)}`);
    return reply;
  }

  next(event: string, timeoutMs?: number): Promise<Frame> {
    return this.inbox.next(event, timeoutMs);
  }

  /** Why it ended, once it has. */
  end(timeoutMs = 10_000): Promise<End> {
    return eventuallyDefined(() => this.ended, { what: 'the end', timeoutMs });
  }

  /** Whether the server said that nothing is missing: by its welcome, or by telling of no gap. */
  abstract get isResumed(): boolean;

  /** All that has come before a message that is sent now. The order of the log makes this a fence. */
  async settled(server: ConformanceServer): Promise<readonly Frame[]> {
    const fence = `fence-${Math.random()}`;
    // By target and not by path, whose parts are shorter on some platforms.
    await publish(server, 'messages', 'fence', { fence }, { target: { users: [this.userId] } });
    await this.inbox.take((frame) => dataOf(frame, 'fence') === fence, 'the fence');
    return this.inbox.frames.splice(0);
  }

  /** Takes one frame off the wire. */
  protected receive(frame: Frame): void {
    const cursor = frame['cursor'] ?? (frame.event === 'push:welcome' ? dataOf(frame, 'cursor') : undefined);
    if (typeof cursor === 'string') this.cursor = cursor;
    if (frame.event === 'push:welcome' && !this.welcome) this.welcome = frame;
    else this.inbox.frames.push(frame);
  }
}

/** One transport. */
export interface TransportDriver {
  readonly name: TransportName;
  readonly path: string;
  /** The status that lets a request in. */
  readonly admitted: number;
  /** Whether a connection is one long answer with a welcome at its head. */
  readonly isLasting: boolean;
  /** Connects; resolves when the server will miss nothing that is sent from now on. */
  open(server: ConformanceServer, options: OpenOptions): Promise<WireClient>;
  /** Sends the request alone and hangs up if it is let in. */
  knock(server: ConformanceServer, headers?: Headers, query?: Query): Promise<Answer>;
  /** What the client sees when the server closes with this code. */
  endOf(code: number): End;
}

/** Clients that a test opened, so that it can end them. */
export class WireClients {
  private readonly opened: WireClient[] = [];

  /** Connects a user over a transport. */
  async open(
    driver: TransportDriver,
    server: ConformanceServer,
    userId = 'user',
    options: Partial<OpenOptions> & { readonly claims?: Readonly<Record<string, unknown>> } = {},
  ): Promise<WireClient> {
    const { claims, ...rest } = options;
    const client = await driver.open(server, { userId, token: server.sign({ sub: userId, ...claims }), ...rest });
    this.opened.push(client);
    return client;
  }

  endAll(): void {
    for (const client of this.opened.splice(0)) client.cut();
  }
}
