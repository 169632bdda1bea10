import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { CLOSE_TIMEOUT_MS } from '../../core/transport.interface.js';
import type { Goodbye, Transport } from '../../core/transport.interface.js';
import { ReadCheck, SHORTEST_SPAN_BYTES } from './read-check.js';
import type { CheckedPeer } from './read-check.js';
import type { ReadWatch } from './read-watch.js';
import { wsFormat } from './ws-format.js';

/** Payload of our pings, and so of their pongs (RFC 6455 section 5.5.3): the number of a question. */
const NUMBER = /^\d{1,15}$/;

/**
 * A WebSocket as a pipe. Frames that are ready go straight to the socket underneath: `ws` queues nothing of its own
 * here, for there is no compression, and all that either side writes are whole frames.
 *
 * The kernel takes megabytes for a peer before the socket says that it is full. So this pipe is blocked, too, while its
 * peer stands still.
 */
export class WsTransport implements Transport, CheckedPeer {
  readonly name = 'ws';
  readonly format = wsFormat;
  readonly answersProbes = true;
  spanBytes = SHORTEST_SPAN_BYTES;
  isStill = false;
  /** Our close frame is on its way, behind which nothing may follow (RFC 6455 section 5.5.1). */
  private isClosing = false;
  /** Written since the last question. */
  private unaskedBytes = 0;
  /** Made when there is something to ask: many connections are never written so much to. */
  private reading: ReadCheck | undefined;
  private onMoved: (() => void) | undefined;
  /** Cuts a peer that does not take part in the close. */
  private cut: NodeJS.Timeout | undefined;

  constructor(
    private readonly webSocket: WebSocket,
    private readonly socket: Socket | Duplex,
    private readonly watch: ReadWatch,
  ) {}

  get isBlocked(): boolean {
    return this.socket.writableNeedDrain || (this.isStill && this.canAnswer);
  }

  get bufferedBytes(): number {
    return this.socket.writableLength;
  }

  write(bytes: Buffer): void {
    if (this.isGone) return;
    this.socket.write(bytes);
    this.unaskedBytes += bytes.length;
    if (this.unaskedBytes >= this.spanBytes) this.askHowFar();
  }

  onceDrained(listener: () => void): void {
    if (this.socket.writableNeedDrain) this.socket.once('drain', listener);
    else this.onMoved = listener;
  }

  /** A heartbeat is a question like any other, so that the answer to the last ping speaks for all. */
  probe(): void {
    if (!this.isGone) this.askHowFar();
  }

  /** Takes the payload of a pong. Whether it answers a question that is open. */
  ponged(payload: Buffer): boolean {
    const text = payload.toString('latin1');
    if (!NUMBER.test(text) || !this.reading?.answered(Number(text))) return false;
    this.relieve();
    return true;
  }

  sendQuestion(number: number): void {
    this.webSocket.ping(String(number));
  }

  get canAnswer(): boolean {
    return !this.webSocket.isPaused && !this.isGone;
  }

  /** The state of `ws` would say the same, but lies far from what a write looks at anyway. */
  get isGone(): boolean {
    return this.isClosing || !this.socket.writable;
  }

  /** A close frame is about to be sent, for whatever reason; so long its peer may take with it. */
  closing(withinMs = CLOSE_TIMEOUT_MS): void {
    if (this.isClosing) return;
    this.isClosing = true;
    this.cut = setTimeout(() => this.terminate(), withinMs).unref();
  }

  /** The socket is gone. */
  closed(): void {
    clearTimeout(this.cut);
  }

  /** Who is not read cannot answer, so it is not waited for any more. */
  pause(): void {
    this.webSocket.pause();
    this.relieve();
  }

  resume(): void {
    this.webSocket.resume();
  }

  close(code: number, reason: string, goodbye?: Goodbye): void {
    this.closing(goodbye?.withinMs);
    this.webSocket.close(code, reason);
    // A peer that is not being read could not answer the close, and would hold its socket until it is cut.
    this.webSocket.resume();
  }

  terminate(): void {
    this.webSocket.terminate();
  }

  private askHowFar(): void {
    this.unaskedBytes = 0;
    this.reading ??= new ReadCheck(this, this.watch);
    this.reading.ask();
  }

  private relieve(): void {
    const listener = this.onMoved;
    this.onMoved = undefined;
    listener?.();
  }
}
