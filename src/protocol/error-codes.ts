/** The codes of `push:error`: why a client frame was not carried out. */
export const ErrorCode = {
  BadMessage: 'bad_message',
  InvalidData: 'invalid_data',
  UnknownEvent: 'unknown_event',
  Forbidden: 'forbidden',
  ReservedEvent: 'reserved_event',
  LimitGroups: 'limit_groups',
  RateLimited: 'rate_limited',
  ConnectionRequired: 'connection_required',
  Internal: 'internal',
} as const;

/** One of the values of {@link ErrorCode}. */
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** What an error code means to a client. */
export interface ErrorCodeMeaning {
  readonly title: string;
  /** The HTTP status that the same failure has on `POST /push/upstream`. */
  readonly status: number;
  /** Whether the same frame may succeed later. */
  readonly retryable: boolean;
}

/** Every error code with its meaning; PROTOCOL.md lists the same. */
export const ERROR_CODES: Readonly<Record<ErrorCode, ErrorCodeMeaning>> = {
  bad_message: { title: 'The frame is not a valid message', status: 400, retryable: false },
  invalid_data: { title: 'The data of the frame is not valid', status: 400, retryable: false },
  unknown_event: { title: 'Nothing handles this event', status: 404, retryable: false },
  forbidden: { title: 'Not allowed', status: 403, retryable: false },
  reserved_event: { title: 'Events that begin with push: are reserved', status: 400, retryable: false },
  limit_groups: { title: 'Too many groups on this connection', status: 409, retryable: false },
  rate_limited: { title: 'Too many frames', status: 429, retryable: true },
  connection_required: { title: 'This frame needs a connection', status: 409, retryable: false },
  internal: { title: 'Internal error', status: 500, retryable: true },
};
