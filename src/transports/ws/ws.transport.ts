import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Transport } from '../../core/transport.interface.js';
import { ReadCheck } from './read-check.js';
import type { CheckedPeer } from './read-check.js';
import type { ReadWatch } from './read-watch.js';
import { wsFormat } from './ws-format.js';

const { OPEN } = WebSocket;
/**
 * Payload of our pings, which their pongs say again (RFC 6455 section 5.5.3). It is that of all, because a peer may answer
 * the last one alone.
 */
const QUESTION = Buffer.from('read');

/**
 * A WebSocket as a pipe. Frames that are ready go straight to the socket underneath: `ws` queues nothing of its own
 * here, for there is no compression, and all that either side writes are whole frames.
 *
 * The kernel takes megabytes for a peer before the socket says that it is full. So this pipe is blocked, too, while its
 * peer has not read what it was asked about.
 */
export class WsTransport implements Transport, CheckedPeer {
  readonly name = 'ws';
  readonly format = wsFormat;
  readonly answersProbes = true;
  private readonly reading: ReadCheck;
  private onRead: (() => void) | undefined;

  constructor(
    private readonly webSocket: WebSocket,
    private readonly socket: Socket | Duplex,
    watch: ReadWatch,
  ) {
    this.reading = new ReadCheck(this, watch);
  }

  get isBlocked(): boolean {
    return this.socket.writableNeedDrain || this.reading.isBehind;
  }

  get bufferedBytes(): number {
    return this.socket.writableLength;
  }

  write(bytes: Buffer): void {
    if (this.webSocket.readyState !== OPEN) return;
    this.socket.write(bytes);
    this.reading.wrote(bytes.length);
  }

  onceDrained(listener: () => void): void {
    if (this.socket.writableNeedDrain) this.socket.once('drain', listener);
    else this.onRead = listener;
  }

  probe(): void {
    if (this.webSocket.readyState === OPEN) this.ask();
  }

  /** Takes the payload of a pong. Whether it is the awaited answer of how far the peer has read. */
  ponged(payload: Buffer): boolean {
    if (!payload.equals(QUESTION) || !this.reading.answered()) return false;
    const listener = this.onRead;
    this.onRead = undefined;
    listener?.();
    return true;
  }

  ask(): void {
    this.webSocket.ping(QUESTION);
  }

  get canAnswer(): boolean {
    return !this.webSocket.isPaused && !this.isGone;
  }

  get isGone(): boolean {
    return this.webSocket.readyState !== OPEN;
  }

  pause(): void {
    this.webSocket.pause();
  }

  resume(): void {
    this.webSocket.resume();
  }

  close(code: number, reason: string): void {
    this.webSocket.close(code, reason);
    // A peer that is not being read could not answer the close, and would hold its socket until it is cut.
    this.webSocket.resume();
  }

  terminate(): void {
    this.webSocket.terminate();
  }
}
