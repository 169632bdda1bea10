/**
 * The frames that one peer has sent and that wait to be carried out, in order, one at a time. Bounded twice: so many
 * frames a second, and so many waiting, past which the peer is not read until half of them are done.
 */
import type { Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import { isLater } from '../core/now-or-later.js';
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

/** Texts that are no JSON, one after the other, until the peer is taken for one that speaks something else. */
const MAX_FOREIGN_FRAMES = 3;
/** Frames past the rate, one after the other, until the connection ends. */
const MAX_REFUSED_FRAMES = 10;

/** Where the replies to one frame go. */
export interface ReplySink {
  /** The frame is about to be carried out. */
  readonly begin?: () => void;
  reply(text: string): void;
  /** The frame was carried out, or given up because the connection has ended. Replies may still follow. */
  readonly done?: () => void;
}

interface WaitingFrame {
  readonly parsed: ParsedFrame | FrameFailure;
  readonly sink: ReplySink;
  /** Past the rate: it is not carried out, only answered, in its turn. Milliseconds until there is room; else 0. */
  readonly retryAfterMs: number;
  /** It ends the connection. */
  readonly isLast: boolean;
}

/** The inbound side of one connection. Made when its first frame arrives, so that silent connections cost nothing. */
export class InboundQueue {
  private readonly bucket: TokenBucket;
  private readonly waiting: WaitingFrame[] = [];
  private foreignFrames = 0;
  private refusedFrames = 0;
  /** Those that were refused for what the user sends elsewhere. */
  private refusedOfUser = 0;
  /** Too much was sent: nothing more is taken, and the connection ends when what came before is answered. */
  private isOver = false;
  private isWorking = false;
  private isPaused = false;

  constructor(
    private readonly connection: Connection,
    private readonly frames: Pick<FrameService, 'handle' | 'admit'>,
    private readonly clock: Clock,
    private readonly options: Required<InboundOptions>,
    /** Whether a peer that goes on to break the rules loses its connection, or is only refused each time. */
    private readonly endsConnection = true,
  ) {
    this.bucket = new TokenBucket(options.maxFramesPerSecond, clock.now());
  }

  /** Whether a frame is being carried out, or waits for that. */
  get isBusy(): boolean {
    return this.isWorking;
  }

  /** Takes one text frame; its replies go to the connection. */
  receive(text: string): void {
    if (this.connection.isOpen && !this.isOver) this.take(parseFrame(text), this.connection);
  }

  /**
   * Takes one frame that came beside the connection, and answers it there. Whoever sends these cannot be kept from
   * sending more, so one that finds the queue full is refused.
   */
  offer(parsed: ParsedFrame | FrameFailure, sink: ReplySink): void {
    if (!this.connection.isOpen) sink.done?.();
    else if (this.isOver) this.refuse(parsed, sink, 'too many frames');
    else if (this.waiting.length >= this.options.maxWaitingFrames) this.refuse(parsed, sink, 'too many frames wait');
    else this.take(parsed, sink);
  }

  /** Takes a control frame, which counts towards the rate and is not queued; false when it is past it. */
  takeControlFrame(): boolean {
    if (!this.connection.isOpen || this.isOver) return false;
    const isInTime = this.takeToken();
    if (!this.isWorking) void this.work();
    return isInTime;
  }

  private take(parsed: ParsedFrame | FrameFailure, sink: ReplySink): void {
    const retryAfterMs = this.takeToken() ? 0 : this.bucket.retryAfterMs;
    this.waiting.push({ parsed, sink, retryAfterMs, isLast: this.isOver });
    this.pauseIfFull();
    if (!this.isWorking) void this.work();
  }

  private takeToken(): boolean {
    if (this.bucket.take(this.clock.now())) {
      this.refusedFrames = 0;
      return true;
    }
    this.isOver = ++this.refusedFrames > MAX_REFUSED_FRAMES && this.endsConnection;
    return false;
  }

  private refuse(refused: ParsedFrame | FrameFailure, sink: ReplySink, detail: string): void {
    this.answerRefusal(refused, sink, detail, this.bucket.retryAfterMs);
    sink.done?.();
  }

  private answerRefusal(
    refused: ParsedFrame | FrameFailure,
    sink: ReplySink,
    detail: string,
    retryAfterMs: number,
  ): void {
    const ref = refused.type === 'frame' ? refused.frame.ref : refused.ref;
    sink.reply(encodeError(ErrorCode.RateLimited, detail, ref, retryAfterMs));
  }

  private async work(): Promise<void> {
    this.isWorking = true;
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      const { parsed, sink, retryAfterMs, isLast } = next;
      if (isLast) this.connection.close(CloseCode.RateLimited);
      else if (retryAfterMs === 0) await this.takeTurn(parsed, sink);
      else if (this.connection.isOpen) this.answerRefusal(parsed, sink, 'too many frames', retryAfterMs);
      if (this.connection.isOpen) this.resumeIfHalfEmpty();
      sink.done?.();
    }
    this.isWorking = false;
    // A control frame, of which nothing waits, may have been too many.
    if (this.isOver) this.connection.close(CloseCode.RateLimited);
  }

  private async takeTurn(parsed: ParsedFrame | FrameFailure, sink: ReplySink): Promise<void> {
    const asked = this.connection.isOpen ? this.frames.admit(this.connection) : undefined;
    const verdict = isLater(asked) ? await asked : asked;
    if (!this.connection.isOpen) return;
    sink.begin?.();
    if (verdict && !verdict.isGranted) this.refuseUser(parsed, sink, verdict.retryAfterMs);
    else if (parsed.type === 'failure') this.answerFailure(parsed, sink);
    else await this.carryOut(parsed.frame, sink);
    if (verdict?.isGranted) this.refusedOfUser = 0;
  }

  /** The connection keeps to its own rate, but all of its user together do not. */
  private refuseUser(parsed: ParsedFrame | FrameFailure, sink: ReplySink, retryAfterMs: number): void {
    if (++this.refusedOfUser > MAX_REFUSED_FRAMES && this.endsConnection) this.connection.close(CloseCode.RateLimited);
    else this.answerRefusal(parsed, sink, 'too many frames of this user', retryAfterMs);
  }

  private carryOut(frame: ClientFrame, sink: ReplySink): Promise<void> {
    this.foreignFrames = 0;
    return this.frames.handle(this.connection, frame, (text) => sink.reply(text));
  }

  private answerFailure({ code, detail, ref, isForeign = false }: FrameFailure, sink: ReplySink): void {
    sink.reply(encodeError(code, detail, ref));
    this.foreignFrames = isForeign ? this.foreignFrames + 1 : 0;
    if (this.foreignFrames < MAX_FOREIGN_FRAMES || !this.endsConnection) return;
    this.connection.close(CloseCode.ProtocolViolation);
  }

  private pauseIfFull(): void {
    if (this.isPaused || this.waiting.length < this.options.maxWaitingFrames) return;
    this.isPaused = true;
    this.connection.isRead = false;
    this.connection.transport.pause();
  }

  private resumeIfHalfEmpty(): void {
    if (!this.isPaused || this.waiting.length > this.options.maxWaitingFrames / 2) return;
    this.isPaused = false;
    this.connection.isRead = true;
    this.connection.heard(this.clock.now());
    this.connection.transport.resume();
  }
}
