import { EventEmitter } from 'node:events';
import { Subject, finalize, isObservable, takeUntil } from 'rxjs';
import type { Observable } from 'rxjs';
import type { Connection } from '../core/connection.js';
import type { Principal } from '../core/principal.js';
import { CloseCode } from '../protocol/close-codes.js';
import { ErrorCode } from '../protocol/error-codes.js';
import { encodeError, encodeFrame } from '../protocol/frame-encoder.js';
import { ServerEvent } from '../protocol/frames.js';
import type { ClientFrame } from '../protocol/frames.js';
import type { Reply } from '../push/host-handlers.interface.js';

/** A handler of the host, as Nest hands it over: bound to its gateway and wrapped in guards, pipes and filters. */
export interface BoundHandler {
  readonly message: unknown;
  readonly callback: (data: unknown) => unknown;
}

interface Answering {
  readonly reply: Reply;
  readonly ref: string | undefined;
  hasAnswered: boolean;
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

  constructor(private readonly connection: Connection) {
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

  /** The peer's address, behind trusted proxies the client's. */
  get address(): string {
    return this.connection.address;
  }

  get isOpen(): boolean {
    return this.connection.isOpen;
  }

  /** Sends one event to this connection alone. */
  send(event: string, data?: unknown): void {
    this.connection.reply(encodeFrame(event, data));
  }

  /** Ends the connection. @default code 4505, reason 'disconnected by an administrator' */
  close(code: number = CloseCode.DisconnectedByAdmin, reason = 'disconnected by an administrator'): void {
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

  /** Runs every handler of the frame's event. Frames of a connection come one at a time. */
  async handle(frame: ClientFrame, reply: Reply): Promise<void> {
    const answering: Answering = { reply, ref: frame.ref, hasAnswered: false };
    this.answering = answering;
    try {
      for (const { callback } of this.handlers.get(frame.event) ?? []) {
        const result = await callback(frame.data);
        if (isObservable(result)) await this.answerEach(result);
        else this.answer(result);
      }
      if (!answering.hasAnswered && frame.ref !== undefined)
        this.answerWith(encodeFrame(ServerEvent.Ok, null, frame.ref));
    } finally {
      this.answering = undefined;
    }
  }

  /** Answers the frame that is being handled, or tells the client of a failure outside of one. */
  fail(code: ErrorCode, detail: string): void {
    this.answerWith(encodeError(code, detail, this.answering?.ref));
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

  /** Resolves when the observable has ended; one that goes on for ever ends with its connection, as on Nest's adapters. */
  private answerEach(results: Observable<unknown>): Promise<void> {
    const ended = new Subject<void>();
    const end = () => ended.next();
    this.once('close', end);
    return new Promise((resolve) => {
      const answered = results.pipe(
        takeUntil(ended),
        finalize(() => this.off('close', end)),
      );
      answered.subscribe({
        next: (result) => {
          this.answer(result);
          // The connection may have ended before there was an observable to end with it.
          if (!this.isOpen) end();
        },
        error: () => {
          this.fail(ErrorCode.Internal, 'the frame could not be handled');
          resolve();
        },
        complete: resolve,
      });
    });
  }

  /** A result without a value is answered only to those who wait for an answer. */
  private answer(result: unknown): void {
    if (result === undefined || result === null) return;
    const ref = this.answering?.ref;
    if (isNamedAnswer(result)) this.answerWith(encodeFrame(result.event, result.data, ref));
    else this.answerWith(encodeFrame(ServerEvent.Ok, result, ref));
  }

  private answerWith(text: string): void {
    const { answering } = this;
    if (answering) answering.hasAnswered = true;
    if (answering) answering.reply(text);
    else this.connection.reply(text);
  }
}

/** Nest's `WsResponse`: a result that names the event it goes back under. */
function isNamedAnswer(result: unknown): result is { readonly event: string; readonly data?: unknown } {
  if (typeof result !== 'object' || result === null || !('event' in result)) return false;
  const members = Object.keys(result);
  return typeof result.event === 'string' && members.every((member) => member === 'event' || member === 'data');
}
