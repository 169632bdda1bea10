import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';
import type { Envelope } from '../../src/protocol/frames.js';
import { eventuallyDefined } from './eventually.js';

/** How a test client connects. */
export interface WsClientOptions extends ClientOptions {
  readonly token?: string;
  readonly protocols?: string[];
}

/** A bare WebSocket client with a queue: frames wait until the test asks for them. */
export class WsClient {
  /** Frames that no test has asked for yet, oldest first. */
  readonly frames: Envelope[] = [];
  /** Why the socket ended; undefined while it is open. */
  closed: { readonly code: number; readonly reason: string } | undefined;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      this.frames.push(JSON.parse(data.toString()) as Envelope);
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    socket.on('error', () => {});
  }

  /** Connects; rejects with {@link RefusedError} when the server answers with anything but 101. */
  static connect(url: string, { token, protocols = [], ...options }: WsClientOptions = {}): Promise<WsClient> {
    const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...options.headers };
    const socket = new WebSocket(url, protocols, { handshakeTimeout: 10_000, ...options, headers });
    const client = new WsClient(socket);
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(client));
      socket.once('error', reject);
      socket.once('unexpected-response', (_request, response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => {
          reject(new RefusedError(response.statusCode ?? 0, response.headers, body));
          socket.terminate();
        });
      });
    });
  }

  /** Sends one frame. */
  send(event: string, data?: unknown, ref?: string): void {
    this.socket.send(JSON.stringify({ event, data, ref }));
  }

  /** Sends one frame and waits for the frame with its `ref`. */
  request(event: string, data?: unknown, ref = `r${Math.random()}`): Promise<Envelope> {
    this.send(event, data, ref);
    return this.next((frame) => frame.ref === ref);
  }

  /** The next frame that matches, those before it stay; waits at most five seconds. */
  async next(matches: string | ((frame: Envelope) => boolean) = () => true): Promise<Envelope> {
    const isWanted = typeof matches === 'string' ? (frame: Envelope) => frame.event === matches : matches;
    const take = () => {
      const index = this.frames.findIndex(isWanted);
      return index === -1 ? undefined : this.frames.splice(index, 1)[0];
    };
    return eventuallyDefined(take, { what: `a frame (${String(matches)}) among ${JSON.stringify(this.frames)}` });
  }

  /** Frames that have come by the time the server answers a ping: nothing more is on its way from before. */
  async settled(): Promise<readonly Envelope[]> {
    await this.request('push:ping');
    return this.frames;
  }

  /** Waits for the end of the socket. */
  async end(): Promise<{ readonly code: number; readonly reason: string }> {
    return eventuallyDefined(() => this.closed, { what: 'the end of the socket', timeoutMs: 10_000 });
  }

  /** Closes in good order and waits for it. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.socket.close();
    await this.end();
  }
}

/** The server's answer to a handshake that it refused. */
export class RefusedError extends Error {
  constructor(
    readonly status: number,
    readonly headers: Readonly<Record<string, string | string[] | undefined>>,
    readonly body: string,
  ) {
    super(`refused with ${status}: ${body}`);
  }

  /** The problem document of the answer. */
  get problem(): Readonly<Record<string, unknown>> {
    return JSON.parse(this.body) as Record<string, unknown>;
  }
}

/** Connects and expects a refusal. */
export async function refusalOf(url: string, options: WsClientOptions = {}): Promise<RefusedError> {
  const outcome = await WsClient.connect(url, options).catch((error: unknown) => error);
  if (outcome instanceof RefusedError) return outcome;
  if (outcome instanceof WsClient) await outcome.close();
  throw new Error(`expected a refusal, got ${outcome instanceof Error ? outcome.message : 'a connection'}`);
}
