import type { ErrorData } from '../protocol/frames.js';

/**
 * Why the client could not do something.
 *
 * - `queue_full`, `frame_too_big`: not sent.
 * - `timeout`: no answer in time. What still waited in the queue is not sent any more.
 * - `unknown_outcome`: it was written and the line broke before the answer; it may have been carried out.
 * - `closed`: the client is closed.
 * - `disconnected`: in a status: why the last connection or attempt ended.
 * - `refused`: the server does not want this client; it does not try again.
 * - `token_failed`: the application's `token` function threw, took too long or gave no token; see `cause`.
 */
export type PushClientErrorCode =
  | 'queue_full'
  | 'disconnected'
  | 'frame_too_big'
  | 'timeout'
  | 'unknown_outcome'
  | 'closed'
  | 'refused'
  | 'token_failed';

/** An error of the client itself, or, as {@link PushReplyError}, of the server's answer. */
export class PushClientError extends Error {
  static {
    this.prototype.name = 'PushClientError';
  }

  /** `code` is for programs, the message is for people. */
  constructor(
    readonly code: string,
    message: string = code,
    cause?: unknown,
  ) {
    super(message, { cause });
  }

  /** The message too, which JSON would leave out. */
  toJSON(): unknown {
    return { ...(this as object), message: this.message };
  }
}

/** `data` of `push:error`, or an error that came from another tab as JSON. */
export type ErrorLike = Partial<Omit<ErrorData, 'code'>> & { readonly code?: string; readonly message?: string };

/** The error that such data tells of. */
export function errorFrom(data: ErrorLike): PushClientError {
  return data.status ? new PushReplyError(data) : new PushClientError(data.code ?? 'unknown_outcome', data.message);
}

/** The server answered with `push:error`: the frame was not carried out. */
export class PushReplyError extends PushClientError {
  static {
    this.prototype.name = 'PushReplyError';
  }

  declare readonly status: number;
  /** Whether the same frame may succeed later. */
  declare readonly retryable: boolean;
  /** Milliseconds after which it may. */
  declare readonly retryAfterMs: number | undefined;

  constructor({
    code = 'internal',
    detail,
    message = detail,
    status = 500,
    retryable = false,
    retryAfterMs,
  }: ErrorLike) {
    super(code, message);
    Object.assign(this, { status, retryable, retryAfterMs });
  }
}
