/**
 * The frames that one peer has sent and that wait to be carried out, in order, one at a time. Bounded twice: so many
 * frames a second, and so many waiting, past which the peer is not read until half of them are done.
 */
import type { Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import { TokenBucket } from '../core/token-bucket.js';
import { CloseCode } from '../protocol/close-codes.js';
import { ErrorCode } from '../protocol/error-codes.js';
import { encodeError } from '../protocol/frame-encoder.js';
import type { ClientFrame } from '../protocol/frames.js';
import { parseFrame } from '../protocol/frame-parser.js';
import type { FrameFailure, ParsedFrame } from '../protocol/frame-parser.js';
import type { FrameService } from './frame.service.js';

/** What a peer may send. */
export interface InboundOptions {
  /** Frames a second that a connection may send, as many at once after a quiet second. @default 100 */
  readonly maxFramesPerSecond?: number;
  /** Frames of a connection that may wait for their handlers; past it the connection is not read. @default 16 */
  readonly maxWaitingFrames?: number;
  /** Longest frame of a client in bytes; past it the connection ends with 1009. @default 65_536 */
  readonly maxFrameBytes?: number;
}

/** Frames that are no messages, one after the other, until the peer is taken for one that speaks something else. */
const MAX_BAD_FRAMES = 3;
/** Frames past the rate, one after the other, until the connection ends. */
const MAX_REFUSED_FRAMES = 10;

/** The inbound side of one connection. Made when its first frame arrives, so that silent connections cost nothing. */
export class InboundQueue {
  private readonly bucket: TokenBucket;
  private readonly waiting: (ParsedFrame | FrameFailure)[] = [];
  private badFrames = 0;
  private refusedFrames = 0;
  private isWorking = false;
  private isPaused = false;

  constructor(
    private readonly connection: Connection,
    private readonly frames: FrameService,
    private readonly clock: Clock,
    private readonly options: Required<InboundOptions>,
  ) {
    this.bucket = new TokenBucket(options.maxFramesPerSecond, clock.now());
  }

  /** Takes one text frame. */
  receive(text: string): void {
    if (!this.connection.isOpen) return;
    const parsed = parseFrame(text);
    if (!this.takeToken(parsed)) return;
    this.waiting.push(parsed);
    this.pauseIfFull();
    if (!this.isWorking) void this.work();
  }

  /** Takes a control frame, which counts towards the rate and is not queued; false when it is past it. */
  takeControlFrame(): boolean {
    return this.connection.isOpen && this.takeToken();
  }

  private takeToken(refused?: ParsedFrame | FrameFailure): boolean {
    if (this.bucket.take(this.clock.now())) {
      this.refusedFrames = 0;
      return true;
    }
    if (++this.refusedFrames > MAX_REFUSED_FRAMES) {
      this.connection.close(CloseCode.RateLimited);
    } else if (refused) {
      const ref = refused.type === 'frame' ? refused.frame.ref : refused.ref;
      const { retryAfterMs } = this.bucket;
      this.connection.reply(encodeError(ErrorCode.RateLimited, 'too many frames', ref, retryAfterMs));
    }
    return false;
  }

  private async work(): Promise<void> {
    this.isWorking = true;
    for (let next = this.waiting.shift(); next && this.connection.isOpen; next = this.waiting.shift()) {
      if (next.type === 'failure') this.answerFailure(next);
      else await this.carryOut(next.frame);
      this.resumeIfHalfEmpty();
    }
    this.isWorking = false;
  }

  private carryOut(frame: ClientFrame): Promise<void> {
    this.badFrames = 0;
    return this.frames.handle(this.connection, frame, (text) => this.connection.reply(text));
  }

  private answerFailure({ code, detail, ref }: FrameFailure): void {
    this.connection.reply(encodeError(code, detail, ref));
    this.badFrames = code === ErrorCode.BadMessage ? this.badFrames + 1 : 0;
    if (this.badFrames >= MAX_BAD_FRAMES) this.connection.close(CloseCode.ProtocolViolation);
  }

  private pauseIfFull(): void {
    if (this.isPaused || this.waiting.length < this.options.maxWaitingFrames) return;
    this.isPaused = true;
    this.connection.transport.pause();
  }

  private resumeIfHalfEmpty(): void {
    if (!this.isPaused || this.waiting.length > this.options.maxWaitingFrames / 2) return;
    this.isPaused = false;
    this.connection.transport.resume();
  }
}
