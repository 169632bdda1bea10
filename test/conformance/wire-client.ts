/** A client that knows nothing but RFC 6455, JSON and PROTOCOL.md. */
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { WebSocket } from 'ws';
import { eventuallyDefined } from '../support/eventually.js';

/** A server to be judged, by its address alone. */
export interface ConformanceServer {
  /** `http://host:port`, the WebSocket at `/push/ws` and REST at `/push`. Everyone may join and send to `room:*`. */
  readonly url: string;
  /** Signs a token that the server accepts; `sub` and `exp` are there unless the claims say otherwise. */
  sign(claims?: Readonly<Record<string, unknown>>): string;
}

/** One frame as it came. */
export type Frame = Readonly<Record<string, unknown>> & { readonly event: string; readonly data?: unknown };

/** How to connect. */
export interface WireOptions {
  readonly token?: string;
  readonly query?: string;
  readonly protocols?: string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** An open WebSocket and what has come over it. */
export class WireClient {
  /** Frames that the test has not looked at yet, oldest first. */
  readonly frames: Frame[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.frames.push(JSON.parse(data.toString()) as Frame));
    socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    socket.on('error', () => {});
  }

  /** Connects and leaves the welcome in the queue. */
  static async open({ url }: ConformanceServer, options: WireOptions = {}): Promise<WireClient> {
    const { token, query = '', protocols = [], headers } = options;
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const socket = new WebSocket(`${url.replace('http', 'ws')}/push/ws${query}`, protocols, {
      headers: { ...authorization, ...headers },
      handshakeTimeout: 10_000,
    });
    const client = new WireClient(socket);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return client;
  }

  send(text: string): void {
    this.socket.send(text);
  }

  /** Sends a frame and waits for what carries its `ref`. */
  async request(event: string, data?: unknown): Promise<Frame> {
    const ref = `c-${Math.random()}`;
    this.send(JSON.stringify({ event, data, ref }));
    return this.take((frame) => frame['ref'] === ref, `an answer to ${event}`);
  }

  /** The next frame of this event; those before it stay. */
  next(event: string): Promise<Frame> {
    return this.take((frame) => frame.event === event, event);
  }

  /** All that has come by the time a ping is answered. */
  async settled(): Promise<readonly Frame[]> {
    await this.request('push:ping');
    return this.frames;
  }

  /** Why the server closed. */
  end(timeoutMs = 5_000): Promise<{ readonly code: number; readonly reason: string }> {
    return eventuallyDefined(() => this.closed, { what: 'the close', timeoutMs });
  }

  private take(isWanted: (frame: Frame) => boolean, what: string): Promise<Frame> {
    const find = () => {
      const index = this.frames.findIndex(isWanted);
      return index === -1 ? undefined : this.frames.splice(index, 1)[0];
    };
    return eventuallyDefined(find, { what: `${what} among ${JSON.stringify(this.frames)}` });
  }
}

/** Clients that a test opened, so that it can end them. */
export class WireClients {
  private readonly opened: WireClient[] = [];

  constructor(private readonly server: () => ConformanceServer) {}

  /** Connects a user and takes the welcome out of the queue. */
  async connect(sub = 'user', claims = {}, options: WireOptions = {}): Promise<WireClient> {
    const client = await this.open({ token: this.server().sign({ sub, ...claims }), ...options });
    await client.next('push:welcome');
    return client;
  }

  async open(options: WireOptions): Promise<WireClient> {
    const client = await WireClient.open(this.server(), options);
    this.opened.push(client);
    return client;
  }

  endAll(): void {
    for (const { socket } of this.opened.splice(0)) socket.terminate();
  }
}

/** The server's HTTP answer. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
};

/** Sends a handshake with exactly these headers beside the usual ones; `undefined` leaves one out. */
export function handshake(
  server: ConformanceServer,
  headers: Readonly<Record<string, string | undefined>> = {},
  path = '/push/ws',
): Promise<Answer> {
  const all = Object.entries({ ...UPGRADE, ...headers }).filter(([, value]) => value !== undefined);
  return send(server, 'GET', path, Object.fromEntries(all) as Record<string, string>);
}

/** Sends a REST request as JSON. */
export function rest(server: ConformanceServer, method: string, path: string, body?: unknown): Promise<Answer> {
  const token = server.sign({ sub: 'service', scope: 'push:send push:broadcast push:admin' });
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  return send(server, method, path, headers, body);
}

function send(
  { url }: ConformanceServer,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: unknown,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method, headers, agent: false });
    sent.on('error', reject);
    sent.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: {} });
    });
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const parsed = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parsed });
      });
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
