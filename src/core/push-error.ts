/** What a {@link PushError} is about; each has one HTTP status. docs/errors.md lists the same. */
export const PUSH_ERRORS = {
  PUSH_ERR_INVALID_OPTION: 500,
  PUSH_ERR_ADAPTER_MISSING: 500,
  PUSH_ERR_INVALID_ARGUMENT: 400,
  PUSH_ERR_RESERVED_EVENT: 400,
  PUSH_ERR_INVALID_DATA: 400,
  PUSH_ERR_UNKNOWN_CONNECTION: 404,
  PUSH_ERR_PAYLOAD_TOO_LARGE: 413,
  PUSH_ERR_IDEMPOTENCY_MISMATCH: 422,
  PUSH_ERR_IDEMPOTENCY_IN_PROGRESS: 409,
  PUSH_ERR_IDEMPOTENCY_FULL: 503,
  PUSH_ERR_UNAVAILABLE: 503,
  PUSH_ERR_PUBLISH_UNKNOWN: 504,
} as const;

/** One of the tags of {@link PUSH_ERRORS}. */
export type PushErrorCode = keyof typeof PUSH_ERRORS;

/** One thing that is wrong with an input, by RFC 6901 pointer. */
export interface PushErrorDetail {
  readonly pointer: string;
  readonly detail: string;
}

/** What may come with a {@link PushError}. */
export interface PushErrorExtras {
  /** Every problem of the input, when there is more than a sentence to say. */
  readonly errors?: readonly PushErrorDetail[];
  /** When trying again makes sense. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
  /** The backing is in reach and refuses. */
  readonly isRefusal?: boolean;
}

/** The one error class of the package. `code` is stable, `message` is for people. */
export class PushError extends Error {
  readonly code: PushErrorCode;
  readonly errors: readonly PushErrorDetail[] | undefined;
  readonly retryAfterMs: number | undefined;
  /** Whether the backing answers and refuses; false where it does not answer, or has nothing to do with it. */
  readonly isRefusal: boolean;

  constructor(code: PushErrorCode, message: string, extras: PushErrorExtras = {}) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.name = 'PushError';
    this.code = code;
    this.errors = extras.errors;
    this.retryAfterMs = extras.retryAfterMs;
    this.isRefusal = extras.isRefusal ?? false;
  }

  /** The HTTP status that this error has on REST. */
  get status(): number {
    return PUSH_ERRORS[this.code];
  }
}

/** Whether it says when to come back: what is out of reach for a while is no failure, and is logged where it is found out. */
export function isPassing(cause: unknown): boolean {
  return cause instanceof PushError && cause.retryAfterMs !== undefined;
}
