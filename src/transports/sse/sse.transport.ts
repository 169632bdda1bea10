/**
 * An event stream as a pipe. Over HTTP/1.1 blocks are ready chunks that go straight to the socket, the same bytes to
 * all; over HTTP/1.0, over HTTP/2 and behind a pipelined request Node writes them.
 */
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { streamOf } from '../../core/http2-stream.js';
import { OutgoingMessage } from '../../core/outgoing-message.js';
import { CLOSE_TIMEOUT_MS } from '../../core/transport.interface.js';
import type { Goodbye, Transport } from '../../core/transport.interface.js';
import { CloseCode, mayReconnect } from '../../protocol/close-codes.js';
import { encodeFrame } from '../../protocol/frame-encoder.js';
import { ServerEvent } from '../../protocol/frames.js';
import type { ClosingData } from '../../protocol/frames.js';
import { NO_SNIFFING } from '../http-answer.js';
import { sseFormat } from './sse-format.js';
import type { SseFormat } from './sse-format.js';

/** The part of a socket, of an HTTP/2 stream and of a response that is written to. */
type Pipe = Pick<
  Writable,
  'write' | 'cork' | 'uncork' | 'once' | 'destroy' | 'writableNeedDrain' | 'writableLength'
> & {
  readonly destroyed: boolean;
};

/** Asks proxies not to cache, change (compress) or hold back the stream. */
export const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
  ...NO_SNIFFING,
} as const;

/** One stream. */
export class SseTransport implements Transport {
  readonly name = 'sse';
  readonly answersProbes = false;
  readonly format: SseFormat;
  private readonly pipe: Pipe;
  private hasEnded = false;

  constructor(
    private readonly response: ServerResponse,
    isNamed: boolean,
  ) {
    const { httpVersionMajor, httpVersionMinor } = response.req;
    const socket = httpVersionMajor === 1 && httpVersionMinor >= 1 ? response.socket : null;
    this.format = sseFormat(socket !== null, isNamed);
    this.pipe = socket ?? streamOf(response) ?? response;
  }

  /**
   * Writes the head and how long to wait before coming back, and holds it until {@link release}, so that it leaves with
   * what follows.
   */
  begin(retryMs: number): void {
    const { response, pipe } = this;
    pipe.cork();
    const isStraight = pipe === response.socket;
    response.writeHead(200, isStraight ? { ...STREAM_HEADERS, 'Transfer-Encoding': 'chunked' } : STREAM_HEADERS);
    response.flushHeaders();
    pipe.write(this.format.frame(`retry: ${retryMs}\n\n`));
  }

  /** Lets leave what was held. */
  release(): void {
    this.pipe.uncork();
  }

  get isBlocked(): boolean {
    return this.pipe.writableNeedDrain;
  }

  get bufferedBytes(): number {
    return this.pipe.writableLength;
  }

  write(bytes: Buffer): void {
    if (!this.hasEnded && !this.pipe.destroyed) this.pipe.write(bytes);
  }

  onceDrained(listener: () => void): void {
    this.pipe.once('drain', listener);
  }

  /** A comment: what is on the way does not fall asleep, and a dead peer is found out by the system. */
  probe(): void {
    if (!this.isBlocked) this.write(this.format.frame(':\n\n'));
  }

  pause(): void {}

  resume(): void {}

  close(code: number, reason: string, goodbye?: Goodbye): void {
    if (this.hasEnded) return;
    if (code === CloseCode.SlowConsumer) {
      // It takes nothing, so it would not take a goodbye either.
      this.terminate();
      return;
    }
    const data: ClosingData = {
      code,
      reason,
      reconnect: mayReconnect(code),
      ...(goodbye && { retryAfterMs: goodbye.reconnectInMs }),
    };
    if (goodbye) this.write(this.format.frame(`retry: ${goodbye.reconnectInMs}\n\n`));
    this.write(this.format.encode(new OutgoingMessage(encodeFrame(ServerEvent.Closing, data))));
    this.hasEnded = true;
    this.response.end();
    setTimeout(() => this.terminate(), goodbye?.withinMs ?? CLOSE_TIMEOUT_MS).unref();
  }

  terminate(): void {
    this.hasEnded = true;
    // The socket of a stream that has left whole may serve another request by now.
    if (!this.response.writableFinished) this.pipe.destroy();
  }
}
