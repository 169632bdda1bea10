/** A TCP connection that writes exact bytes and takes apart what comes back: an HTTP answer, then WebSocket frames. */
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Envelope } from '../../src/protocol/frames.js';
import { eventually, eventuallyDefined } from './eventually.js';
import { Opcode } from './raw-frame.js';
import { signToken } from './tokens.js';

/** One HTTP answer. */
export interface RawResponse {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One frame of the server. */
export interface RawServerFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** What a valid handshake has; a header that is `undefined` is left out. */
export interface RawHandshake {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const HEAD_END = '\r\n\r\n';

/** The bytes of a handshake request that is in order, except for what is said here. */
export function handshake({ method = 'GET', target = '/push/ws', headers = {} }: RawHandshake = {}): string {
  const all: Record<string, string | undefined> = {
    Host: '127.0.0.1',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': SAMPLE_KEY,
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return [`${method} ${target} HTTP/1.1`, ...lines].join('\r\n') + HEAD_END;
}

/** The same with a good token of the user. */
export function handshakeOf(sub: string, { headers, ...rest }: RawHandshake = {}): string {
  return handshake({ ...rest, headers: { Authorization: `Bearer ${signToken({ sub })}`, ...headers } });
}

/** A peer that may do anything. */
export class RawClient {
  /** Whether the server has ended its side, or the connection broke. */
  hasEnded = false;
  private received = Buffer.alloc(0);
  private readonly frames: RawServerFrame[] = [];

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => (this.received = Buffer.concat([this.received, chunk])));
    socket.on('end', () => (this.hasEnded = true));
    socket.on('close', () => (this.hasEnded = true));
    socket.on('error', () => {});
  }

  /** @param localAddress An address of loopback that it comes from. */
  static async connect(port: number, localAddress = '127.0.0.1'): Promise<RawClient> {
    const socket = connectTcp({ port, host: '127.0.0.1', localAddress, noDelay: true, allowHalfOpen: true });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** Over TLS, with any certificate. */
  static async connectSecurely(port: number): Promise<RawClient> {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    return new RawClient(socket);
  }

  /** Connects, and waits for the welcome of this user. */
  static async open(port: number, sub: string, options?: RawHandshake): Promise<RawClient> {
    const client = await RawClient.connect(port);
    client.write(handshakeOf(sub, options));
    const { status } = await client.response();
    if (status !== 101) throw new Error(`expected 101, got ${status}`);
    await client.nextEnvelope('push:welcome');
    return client;
  }

  /** Bytes that came behind what was taken. */
  get untakenBytes(): number {
    return this.frames.reduce((bytes, { payload }) => bytes + payload.length, this.received.length);
  }

  write(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** Ends this side in good order (FIN); the server's answer can still come. */
  finish(): void {
    this.socket.end();
  }

  /** Breaks the connection (RST). */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** The next HTTP answer. Its body is as long as its `Content-Length` says. */
  async response(): Promise<RawResponse> {
    return eventuallyDefined(() => this.takeResponse(), { what: 'an HTTP answer', timeoutMs: 10_000 });
  }

  /** The next frame of any kind. */
  async nextFrame(): Promise<RawServerFrame> {
    const take = () => this.takeFrames().shift();
    return eventuallyDefined(take, { what: 'a frame', timeoutMs: 10_000 });
  }

  /** The next text frame, which must be of this event. */
  async nextEnvelope(event: string): Promise<Envelope> {
    const { opcode, payload } = await this.nextFrame();
    if (opcode !== Opcode.Text) throw new Error(`expected ${event}, got a frame with opcode ${opcode}`);
    const envelope = JSON.parse(payload.toString()) as Envelope;
    if (envelope.event !== event) throw new Error(`expected ${event}, got ${payload.toString()}`);
    return envelope;
  }

  /** The code of the close frame; what comes before it is skipped. */
  async closeCode(): Promise<number> {
    for (;;) {
      const { opcode, payload } = await this.nextFrame();
      if (opcode === Opcode.Close) return payload.readUInt16BE(0);
    }
  }

  /** Waits until the server has ended its side. */
  async end(): Promise<void> {
    await eventually(() => this.hasEnded, { what: 'the end of the socket', timeoutMs: 10_000 });
  }

  destroy(): void {
    this.socket.destroy();
  }

  private takeResponse(): RawResponse | undefined {
    const headEnd = this.received.indexOf(HEAD_END);
    if (headEnd === -1) return undefined;
    const [statusLine = '', ...lines] = this.received.subarray(0, headEnd).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const bodyStart = headEnd + HEAD_END.length;
    const bodyEnd = bodyStart + Number(headers['content-length'] ?? 0);
    if (this.received.length < bodyEnd) return undefined;
    const body = this.received.subarray(bodyStart, bodyEnd).toString();
    this.received = this.received.subarray(bodyEnd);
    return { status: Number(statusLine.split(' ')[1]), headers, body };
  }

  /** Servers send whole, unmasked frames (RFC 6455 section 5.1). */
  private takeFrames(): RawServerFrame[] {
    for (let frame = this.takeFrame(); frame; frame = this.takeFrame()) this.frames.push(frame);
    return this.frames;
  }

  private takeFrame(): RawServerFrame | undefined {
    const bytes = this.received;
    if (bytes.length < 2) return undefined;
    const short = bytes.readUInt8(1);
    const headLength = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < headLength) return undefined;
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < headLength + length) return undefined;
    this.received = bytes.subarray(headLength + length);
    return { opcode: bytes.readUInt8(0) & 0x0f, payload: bytes.subarray(headLength, headLength + length) };
  }
}
