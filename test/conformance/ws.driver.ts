/** WebSocket: knows nothing but RFC 6455, JSON and PROTOCOL.md. */
import { WebSocket } from 'ws';
import { eventually } from '../support/eventually.js';
import type { ConformanceServer } from './conformance-server.js';
import { dataOf, frameOf } from './frame-inbox.js';
import type { Frame } from './frame-inbox.js';
import { address, exchange, present } from './http-exchange.js';
import type { Headers, Query } from './http-exchange.js';
import { WireClient, queryOf } from './transport-driver.js';
import type { OpenOptions, TransportDriver } from './transport-driver.js';

const PATH = '/push/ws';

const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
};

const REPLIES = new Set(['push:ok', 'push:error', 'push:pong']);

/** An open WebSocket. */
export class WsWireClient extends WireClient {
  constructor(
    userId: string,
    readonly socket: WebSocket,
  ) {
    super(userId);
    socket.on('message', (data: Buffer) => this.receive(frameOf(data.toString())));
    socket.on('close', (code) => (this.ended = { code }));
    socket.on('error', () => {});
  }

  override get isResumed(): boolean {
    return dataOf(this.welcome, 'resumed') === true;
  }

  override sendText(text: string): Promise<Frame> {
    this.socket.send(text);
    return this.inbox.take(({ event }) => REPLIES.has(event), `a reply to ${text}`);
  }

  /** Reads nothing from now on. */
  pause(): void {
    this.socket.pause();
  }

  override cut(): void {
    this.socket.terminate();
  }
}

/** Connects with these headers and subprotocols and waits for the welcome. */
export async function openWebSocket(
  server: ConformanceServer,
  userId: string,
  { headers = {}, query = {}, protocols = [] }: { headers?: Headers; query?: Query; protocols?: string[] },
): Promise<WsWireClient> {
  const url = `${server.url.replace('http', 'ws')}${address(PATH, query)}`;
  const socket = new WebSocket(url, protocols, { headers: present(headers), handshakeTimeout: 10_000 });
  const client = new WsWireClient(userId, socket);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  await eventually(() => client.welcome !== undefined, { what: 'the welcome' });
  return client;
}

export const wsDriver: TransportDriver = {
  name: 'ws',
  path: PATH,
  admitted: 101,
  isLasting: true,
  open: (server: ConformanceServer, options: OpenOptions) =>
    openWebSocket(server, options.userId, {
      headers: { authorization: `Bearer ${options.token}` },
      query: queryOf(options),
    }),
  knock: (server, headers = {}, query = {}) =>
    exchange(server, { path: PATH, query, headers: { ...UPGRADE, ...headers } }),
  endOf: (code) => ({ code }),
};
