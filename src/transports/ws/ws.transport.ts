import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Transport } from '../../core/transport.interface.js';
import { wsFormat } from './ws-format.js';

const { OPEN } = WebSocket;

/**
 * A WebSocket as a pipe. Frames that are ready go straight to the socket underneath: `ws` queues nothing of its own
 * here, for there is no compression, and all that either side writes are whole frames.
 */
export class WsTransport implements Transport {
  readonly name = 'ws';
  readonly format = wsFormat;
  readonly answersProbes = true;

  constructor(
    private readonly webSocket: WebSocket,
    private readonly socket: Socket | Duplex,
  ) {}

  get isBlocked(): boolean {
    return this.socket.writableNeedDrain;
  }

  get bufferedBytes(): number {
    return this.socket.writableLength;
  }

  write(bytes: Buffer): void {
    if (this.webSocket.readyState === OPEN) this.socket.write(bytes);
  }

  onceDrained(listener: () => void): void {
    this.socket.once('drain', listener);
  }

  probe(): void {
    if (this.webSocket.readyState === OPEN) this.webSocket.ping();
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
