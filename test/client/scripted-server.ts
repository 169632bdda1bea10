/** A server that speaks the protocol as its test says, over all transports, and remembers what it was asked. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket as NodeWebSocket, WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { PushClient } from '../../src/client/push-client.js';
import type { PushClientOptions } from '../../src/client/client-options.js';
import type { PushStatus } from '../../src/client/client-events.js';

import type { Envelope } from '../../src/protocol/frames.js';
import { eventuallyDefined } from '../support/eventually.js';

export type Route = 'ws' | 'sse' | 'poll' | 'upstream' | 'handshake';

/** What came in. */
export interface Asked {
  readonly route: Route;
  readonly query: URLSearchParams;
  readonly token: string;
  readonly headers: IncomingMessage['headers'];
  readonly frame?: Envelope;
}

/** How a request is met. Without an answer it is left hanging. */
export type Answer = (asked: Asked, response: ServerResponse) => void;

/** One line that the server holds. */
export interface HeldLine {
  readonly transport: 'ws' | 'sse';
  readonly frames: Envelope[];
  readonly isOpen: () => boolean;
  send(envelope: Envelope): void;
  close(code: number, reason?: string): void;
  /** Cuts the connection without a word. */
  cut(): void;
}

const OK_GROUPS = (asked: Asked): string[] => (asked.query.get('groups') ?? '').split(',').filter(Boolean);

export class ScriptedServer {
  readonly asked: Asked[] = [];
  readonly lines: HeldLine[] = [];
  /** Members of every welcome. */
  welcome: Record<string, unknown> = {};
  /** Statuses that refuse requests of a route; absent for none. */
  readonly refuse: Partial<Record<Route, Answer>> = {};
  /** Answers a frame; by default `push:ok` with `{ echo }`. */
  reply: (frame: Envelope, line: HeldLine | undefined) => Envelope | undefined = (frame) => ({
    event: 'push:ok',
    data: { echo: frame.data },
    ...(frame.ref !== undefined && { ref: frame.ref }),
  });
  readonly clients: PushClient[] = [];
  private readonly http: Server;
  private readonly webSockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'push.v1' });
  private connections = 0;

  private constructor() {
    this.http = createServer((request, response) => void this.serve(request, response));
    this.http.on('upgrade', (request, socket, head) => {
      const asked = this.remember(request, 'ws');
      const refusal = this.refuse.ws;
      if (refusal) {
        const answer = {
          writeHead: (status: number) => socket.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\n\r\n`),
        };
        refusal(asked, answer as never);
        return;
      }
      this.webSockets.handleUpgrade(request, socket, head, (ws) => this.greetWebSocket(ws, asked));
    });
  }

  static async start(): Promise<ScriptedServer> {
    const server = new ScriptedServer();
    server.http.listen(0, '127.0.0.1');
    await once(server.http, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  /** A client of this server that retries fast and records what it hears. */
  client(options: Partial<PushClientOptions> = {}): RecordingClient {
    const client = new RecordingClient({
      url: this.url,
      token: () => 'token-1',
      WebSocket: NodeWebSocket,
      retryBaseMs: 10,
      retryMaxMs: 50,
      openTimeoutMs: 2_000,
      ...options,
    });
    this.clients.push(client);
    return client;
  }

  /** How often a route was asked. */
  count(route: Route): number {
    return this.asked.filter((asked) => asked.route === route).length;
  }

  /** The line with this number, once it is there. */
  line(index = 0): Promise<HeldLine> {
    return eventuallyDefined(() => this.lines[index], { what: `line ${index}` });
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.close();
    for (const line of this.lines) line.cut();
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, 'close');
  }

  private remember(request: IncomingMessage, route: Route, frame?: Envelope): Asked {
    const { searchParams } = new URL(request.url ?? '/', 'http://host');
    const protocols = request.headers['sec-websocket-protocol'] ?? '';
    const token = request.headers.authorization?.slice(7) ?? /bearer\.(\S+)/.exec(protocols)?.[1] ?? '';
    const asked = { route, query: searchParams, token, headers: request.headers, ...(frame && { frame }) };
    this.asked.push(asked);
    return asked;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://host');
    const route = pathname.slice('/push/'.length) as Route;
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const asked = this.remember(request, route, text === '' ? undefined : (JSON.parse(text) as Envelope));
    const refusal = this.refuse[route];
    if (refusal) refusal(asked, response);
    else if (route === 'sse') this.greetStream(response, asked);
    else if (route === 'handshake') response.writeHead(204).end();
    else if (route === 'upstream') {
      const line = this.lines.find(
        (held) => asked.headers['push-connection'] === (held as HeldLine & { id: string }).id,
      );
      line?.frames.push(asked.frame!);
      const reply = this.reply(asked.frame!, line);
      if (reply) json(response, 200, reply);
    } else if (asked.query.get('wait') === '0') json(response, 200, { messages: [], cursor: 'poll-0', more: false });
    // Any other poll is left hanging, as by a server with nothing to say.
  }

  private greet(line: HeldLine, id: string, asked: Asked): void {
    const data = {
      connectionId: id,
      userId: '7',
      groups: OK_GROUPS(asked),
      transport: line.transport,
      heartbeatMs: 25_000,
      maxFrameBytes: 65_536,
      cursor: 'start',
      resumed: false,
      expiresAt: '2100-01-01T00:00:00.000Z',
      ...this.welcome,
    };
    line.send({ event: 'push:welcome', data });
    this.lines.push(line);
  }

  private greetWebSocket(ws: WebSocket, asked: Asked): void {
    const id = `connection-${++this.connections}`;
    const frames: Envelope[] = [];
    const line = {
      id,
      transport: 'ws' as const,
      frames,
      isOpen: () => ws.readyState === ws.OPEN,
      send: (envelope: Envelope) => ws.send(JSON.stringify(envelope)),
      close: (code: number, reason = '') => ws.close(code, reason),
      cut: () => ws.terminate(),
    };
    ws.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as Envelope;
      frames.push(frame);
      const reply = frame.event === 'push:ping' && this.isDeaf ? undefined : this.reply(frame, line);
      if (reply) line.send(reply);
    });
    this.greet(line, id, asked);
  }

  /** Does not answer `push:ping`. */
  isDeaf = false;

  private greetStream(response: ServerResponse, asked: Asked): void {
    const id = `connection-${++this.connections}`;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const send = (envelope: Envelope): void => void response.write(`data: ${JSON.stringify(envelope)}\n\n`);
    const line = {
      id,
      transport: 'sse' as const,
      frames: [],
      isOpen: () => !response.destroyed,
      send,
      close: (code: number, reason = '') => {
        send({ event: 'push:closing', data: { code, reason, reconnect: code < 4500 } });
        response.end();
      },
      cut: () => response.destroy(),
    };
    this.greet(line, id, asked);
  }
}

/** Answers with JSON. */
export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Refuses with a problem document. */
export function problem(status: number, headers: Record<string, string> = {}): Answer {
  return (_asked, response) => json(response, status, { status, code: `code_${status}`, detail: 'no' }, headers);
}

/** A client that keeps what it hears. */
export class RecordingClient extends PushClient {
  readonly statuses: PushStatus[] = [];
  readonly heard: Envelope[] = [];
  readonly errors: Error[] = [];

  constructor(options: PushClientOptions) {
    super(options);
    this.on('push:status', (status) => this.statuses.push(status));
    this.on('push:error', (error) => this.errors.push(error));
    this.on('push:gap', (data) => this.heard.push({ event: 'push:gap', data }));
    this.on('note', (_data, envelope) => this.heard.push(envelope));
  }

  /** Waits until the client is in this state, the last told. */
  async reaches(state: PushStatus['state'], transport?: string): Promise<PushStatus> {
    return eventuallyDefined(
      () =>
        this.status.state === state && (!transport || this.status.transport === transport) ? this.status : undefined,
      { what: `state ${state} ${transport ?? ''} after ${JSON.stringify(this.statuses)}` },
    );
  }

  get ids(): (string | undefined)[] {
    return this.heard.map(({ id }) => id);
  }
}

/** A message of the application. */
export function note(number: number, data: unknown = number): Envelope {
  return { event: 'note', data, id: `m-${number}`, cursor: `c.${number}`, ts: '2026-01-01T00:00:00.000Z' };
}
