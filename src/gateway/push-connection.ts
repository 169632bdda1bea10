import { EventEmitter } from 'node:events';
import { Subject, finalize, isObservable, takeUntil } from 'rxjs';
import type { Observable } from 'rxjs';
import type { Connection } from '../core/connection.js';
import type { OnFailure } from '../core/failure-report.js';
import type { LifecycleListeners } from '../core/lifecycle-events.js';
import type { Principal } from '../core/principal.js';
import { CloseCode } from '../protocol/close-codes.js';
import { ErrorCode } from '../protocol/error-codes.js';
import { encodeError, encodeFrame, encodeFrameOf } from '../protocol/frame-encoder.js';
import { ServerEvent } from '../protocol/frames.js';
import type { ClientFrame } from '../protocol/frames.js';
import { closeFrameProblems } from '../push/closing.js';
import { APPLICATION, kickOf } from '../push/connection-directory.js';
import type { OutgoingCheck } from '../push/events/outgoing-check.js';
import type { Reply } from '../push/host-handlers.interface.js';
import { assertEvent, encodeData, throwIfAny } from '../push/send-validation.js';

/** What a host answers one client may be longer than what may be sent to many. */
const ANY_LENGTH = Number.POSITIVE_INFINITY;

/** A handler of the host, as Nest hands it over: bound to its gateway and wrapped in guards, pipes and filters. */
export interface BoundHandler {
  readonly message: unknown;
  readonly callback: (data: unknown) => unknown;
}

interface Answering {
  readonly reply: Reply;
  readonly ref: string | undefined;
  hasAnswered: boolean;
  /** What became of it, where that is a failure of the application. */
  failure?: unknown;
}

interface Failure {
  readonly code: ErrorCode;
  readonly detail: string;
  answering: Answering | undefined;
}

/**
 * A push connection as handlers, guards and lifecycle hooks of a host see it: what `@ConnectedSocket()` gives. What is
 * sent here passes the same bounded queue as every message.
 *
 * It has no `readyState`, by which Nest tells a raw WebSocket from a client whose `emit` sends: the errors of filters
 * that are not ours arrive at `emit('exception')` on Nest 11 and 12 alike.
 */
export class PushConnection extends EventEmitter {
  private readonly handlers = new Map<string, BoundHandler[]>();
  private answering: Answering | undefined;
  private openStreams = 0;
  /** A failure whose frame is not certain yet. */
  private failure: Failure | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly onFailure: OnFailure,
    /** Judges what is sent; where there is none, nothing is. */
    private readonly outgoing?: OutgoingCheck,
    private readonly lifecycle: LifecycleListeners = {},
  ) {
    super();
  }

  /** The connection's id, as in `push:welcome`. */
  get id(): string {
    return this.connection.id;
  }

  /** Who is connected. Also where many guards look for the user. */
  get user(): Principal {
    return this.connection.principal;
  }

  /** Whose user it is; undefined for the default tenant. `push.forTenant(connection.tenant)` sends to its like. */
  get tenant(): string | undefined {
    return this.connection.principal.tenant;
  }

  /** The peer's address, behind trusted proxies the client's. */
  get address(): string {
    return this.connection.address;
  }

  get isOpen(): boolean {
    return this.connection.isOpen;
  }

  /**
   * Sends one event to this connection alone. Throws a PushError where an application may not send it: a reserved or
   * malformed event, data that is no JSON or has a key `__proto__`, data of a declared event that is judged and is not good.
   */
  send(event: string, data?: unknown): void {
    this.connection.reply(this.encode(event, data));
  }

  /**
   * Ends the connection, once; `@OnPush('kicked')` is told. Throws a PushError, and ends nothing, where no close frame can
   * carry the code (1000 to 1014 as far as they are sent, 3000 to 4999) or the reason (at most 123 bytes).
   * @default code 4505, reason 'disconnected by an administrator'
   */
  close(code: number = CloseCode.DisconnectedByAdmin, reason = 'disconnected by an administrator'): void {
    throwIfAny(closeFrameProblems(code, reason));
    if (!this.isOpen) return;
    this.lifecycle.kicked?.(kickOf(this.connection, 'handler', APPLICATION, code, reason));
    this.connection.close(code, reason);
  }

  /** Adds handlers of one gateway. */
  addHandlers(handlers: readonly BoundHandler[]): void {
    for (const handler of handlers) {
      const event = String(handler.message);
      const others = this.handlers.get(event);
      if (others) others.push(handler);
      else this.handlers.set(event, [handler]);
    }
  }

  handles(event: string): boolean {
    return this.handlers.has(event);
  }

  /**
   * Runs every handler of the frame's event. Frames of a connection come one at a time. Resolves with what a handler
   * threw, where that is a failure of the application; the client has its answer then.
   */
  async handle(frame: ClientFrame, reply: Reply): Promise<unknown> {
    const answering: Answering = { reply, ref: frame.ref, hasAnswered: false };
    this.answering = answering;
    try {
      for (const { callback } of this.handlers.get(frame.event) ?? []) {
        const result = await callback(frame.data);
        if (isObservable(result)) await this.answerEach(result, answering);
        else this.answer(answering, result);
      }
      if (!answering.hasAnswered && frame.ref !== undefined) reply(encodeFrame(ServerEvent.Ok, null, frame.ref));
      return answering.failure;
    } finally {
      this.answering = undefined;
    }
  }

  /** Has a failure of the application written down; the client is told nothing of it. */
  report(cause: unknown): void {
    // Nothing can be thrown too; it is a failure like any other.
    if (this.answering) this.answering.failure = cause ?? String(cause);
    this.onFailure(cause, { connectionId: this.id });
  }

  /** Answers the frame that is being handled, or tells the client of a failure outside of one. */
  fail(code: ErrorCode, detail: string): void {
    const failure = { code, detail, answering: this.answering };
    if (this.openStreams === 0) {
      this.tell(failure);
      return;
    }
    // It may be a stream that failed, while the frame of `answering` is another one: the stream ends before the microtask.
    this.failure = failure;
    queueMicrotask(() => this.tell(failure));
  }

  /** What Nest's own filters call to tell the client; other events are local, as on any emitter. */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event !== 'exception') return super.emit(event, ...args);
    const [payload] = args;
    const message = (payload as { readonly message?: unknown } | undefined)?.message;
    const isOurs = message === 'Internal server error';
    const detail = typeof message === 'string' ? message : 'the frame could not be handled';
    this.fail(isOurs ? ErrorCode.Internal : ErrorCode.InvalidData, detail);
    return true;
  }

  /**
   * Answers with every value. Resolves with the first one, or the end, so that a stream does not hold up the frames
   * behind it; one that goes on for ever ends with its connection, as on Nest's adapters.
   */
  private answerEach(results: Observable<unknown>, answering: Answering): Promise<void> {
    const ended = new Subject<void>();
    const end = () => ended.next();
    this.once('close', end);
    this.openStreams++;
    return new Promise((resolve, reject) => {
      const answered = results.pipe(
        takeUntil(ended),
        finalize(() => {
          this.off('close', end);
          this.openStreams--;
          if (this.failure) this.failure.answering = answering;
          resolve();
        }),
      );
      const observer = {
        next: (result: unknown) => {
          try {
            this.answer(answering, result);
          } catch (cause) {
            // Of a later value nobody waits for the promise, and what an observer throws would end the process.
            if (answering.hasAnswered) this.failLate(cause);
            reject(cause instanceof Error ? cause : new Error(String(cause)));
            end();
          }
          // The connection may have ended before there was an observable to end with it.
          if (!this.isOpen) end();
          resolve();
        },
        error: () => this.fail(ErrorCode.Internal, 'the frame could not be handled'),
      };
      answered.subscribe(observer);
    });
  }

  private failLate(cause: unknown): void {
    this.report(cause);
    this.fail(ErrorCode.Internal, 'the frame could not be handled');
  }

  /** A result without a value is answered only to those who wait for an answer. */
  private answer(answering: Answering, result: unknown): void {
    if (result === undefined || result === null) return;
    if (!isNamedAnswer(result)) {
      send(answering, encodeFrameOf(ServerEvent.Ok, encodeData(result, ANY_LENGTH), answering.ref));
      return;
    }
    send(answering, this.encode(result.event, result.data, answering.ref));
  }

  private encode(event: string, data: unknown, ref?: string): string {
    assertEvent(event);
    const dataText = encodeData(data, ANY_LENGTH);
    this.outgoing?.assert(event, dataText);
    return encodeFrameOf(event, data === undefined ? undefined : dataText, ref);
  }

  private tell(failure: Failure): void {
    if (this.failure === failure) this.failure = undefined;
    const { answering, code, detail } = failure;
    if (answering) send(answering, encodeError(code, detail, answering.ref));
    else this.connection.reply(encodeError(code, detail));
  }
}

function send(answering: Answering, text: string): void {
  answering.hasAnswered = true;
  answering.reply(text);
}

/** Nest's `WsResponse`: a result that names the event it goes back under. */
function isNamedAnswer(result: unknown): result is { readonly event: string; readonly data?: unknown } {
  if (typeof result !== 'object' || result === null || !('event' in result)) return false;
  const members = Object.keys(result);
  return typeof result.event === 'string' && members.every((member) => member === 'event' || member === 'data');
}
