/**
 * The frames of the protocol itself as JSON Schema, for documents. Members come from the types in frames.ts: one that is
 * added there and not here does not compile.
 */
import { CLOSE_CODES } from './close-codes.js';
import { ERROR_CODES } from './error-codes.js';
import { ClientEvent, ServerEvent } from './frames.js';
import type {
  ClosingData,
  DrainingData,
  Envelope,
  ErrorData,
  ExpiringData,
  GapData,
  GapReason,
  TransportName,
  WelcomeData,
} from './frames.js';
import { COUNT, MOMENT, TEXT, objectSchema } from './json-schema.js';
import type { JsonSchema } from './json-schema.js';
import { MAX_CURSOR_LENGTH, MAX_REF_LENGTH, MAX_USER_ID_LENGTH } from './limits.js';
import { EVENT_PATTERN, GROUP_PATTERN } from './names.js';

/** One event of the protocol. */
export interface FrameDescription {
  readonly description: string;
  /** What `data` is; undefined where there is none. */
  readonly data?: JsonSchema;
}

type Names<Events> = Events[keyof Events] & string;

const GAP_REASONS: Readonly<Record<GapReason, true>> = {
  expired: true,
  reset: true,
  invalid_cursor: true,
  skipped: true,
};
const TRANSPORTS: Readonly<Record<TransportName, true>> = { ws: true, sse: true, poll: true };
const GROUP: JsonSchema = { type: 'string', pattern: GROUP_PATTERN };
const USER: JsonSchema = { type: 'string', minLength: 1, maxLength: MAX_USER_ID_LENGTH };
const CURSOR: JsonSchema = { type: 'string', maxLength: MAX_CURSOR_LENGTH };
const FLAG: JsonSchema = { type: 'boolean' };
const CLOSE_CODE: JsonSchema = {
  anyOf: [
    ...Object.entries(CLOSE_CODES).map(([code, { reason, reconnect }]) => ({
      const: Number(code),
      description: `${reason}: ${reconnect ? 'come back' : 'do not come back'}`,
    })),
    {
      type: 'integer',
      minimum: 4000,
      maximum: 4999,
      description: 'Of the application: below 4500 come back, from there on do not',
    },
  ],
};

/** An event that an application may send. */
export const APPLICATION_EVENT: JsonSchema = { type: 'string', pattern: EVENT_PATTERN, not: { pattern: '^push:' } };

/** What a server sends of itself. */
export const SERVER_FRAMES: Readonly<Record<Names<typeof ServerEvent>, FrameDescription>> = {
  [ServerEvent.Welcome]: {
    description: 'Always first on ws and sse. `resumed` is true only if nothing is missing since the cursor.',
    data: objectSchema<WelcomeData>({
      connectionId: TEXT,
      userId: USER,
      groups: { type: 'array', items: GROUP },
      transport: { enum: Object.keys(TRANSPORTS) },
      heartbeatMs: COUNT,
      maxFrameBytes: COUNT,
      cursor: CURSOR,
      resumed: FLAG,
      expiresAt: MOMENT,
    }),
  },
  [ServerEvent.Ok]: { description: 'A frame was carried out. `data` is its result.', data: {} },
  [ServerEvent.Error]: {
    description: 'A frame was not carried out, with its `ref`.',
    data: objectSchema<ErrorData>(
      {
        code: { enum: Object.keys(ERROR_CODES) },
        title: TEXT,
        status: { type: 'integer' },
        detail: TEXT,
        retryable: FLAG,
        retryAfterMs: COUNT,
      },
      ['retryAfterMs'],
    ),
  },
  [ServerEvent.Gap]: {
    description: 'Messages may be missing here: fetch the present state, then go on.',
    data: objectSchema<GapData>({ reason: { enum: Object.keys(GAP_REASONS) } }),
  },
  [ServerEvent.Expiring]: { description: 'The token ends then.', data: objectSchema<ExpiringData>({ at: MOMENT }) },
  [ServerEvent.Pong]: { description: 'The answer to `push:ping`.' },
  [ServerEvent.Draining]: {
    description: 'The server ends: come back after so many milliseconds.',
    data: objectSchema<DrainingData>({ reconnectInMs: COUNT }),
  },
  [ServerEvent.Closing]: {
    description: 'The last event on sse, where there is no close code.',
    data: objectSchema<ClosingData>({ code: CLOSE_CODE, reason: TEXT, reconnect: FLAG, retryAfterMs: COUNT }, [
      'retryAfterMs',
    ]),
  },
};

/** What a client sends to the server itself. */
export const CLIENT_FRAMES: Readonly<Record<Names<typeof ClientEvent>, FrameDescription>> = {
  [ClientEvent.Ping]: { description: 'Answered by `push:pong`.' },
  [ClientEvent.Join]: {
    description: 'Makes this connection a member, where the application allows it.',
    data: objectSchema<{ group: string }>({ group: GROUP }),
  },
  [ClientEvent.Leave]: {
    description: 'Ends the membership of this connection.',
    data: objectSchema<{ group: string }>({ group: GROUP }),
  },
  [ClientEvent.Send]: {
    description: 'Sends a message to a group or a user, where the application allows it.',
    data: objectSchema<{ to: object; event: string; data: unknown }>(
      {
        to: {
          oneOf: [objectSchema<{ group: string }>({ group: GROUP }), objectSchema<{ user: string }>({ user: USER })],
        },
        event: APPLICATION_EVENT,
        data: {},
      },
      ['data'],
    ),
  },
  [ClientEvent.Auth]: {
    description: 'A fresh token for the same user.',
    data: objectSchema<{ token: string }>({ token: TEXT }),
  },
};

type EnvelopeMembers = Readonly<Record<keyof Envelope, JsonSchema>>;

const ENVELOPE: EnvelopeMembers = {
  event: { type: 'string', pattern: EVENT_PATTERN },
  data: {},
  id: { type: 'string', description: 'The identity of the message, the same on all transports and in receipts' },
  cursor: { ...CURSOR, description: 'The place after this message; hand it back to resume' },
  ts: MOMENT,
  from: { ...USER, description: 'The user who sent it, on messages of clients' },
  ref: { type: 'string', maxLength: MAX_REF_LENGTH, description: 'The mark that the client gave its frame' },
};

/** The envelope of an event of the protocol, or of a client's frame. */
export function frameSchema(
  event: string,
  data: JsonSchema | undefined,
  isDataRequired = data !== undefined,
): JsonSchema {
  const properties = { event: { const: event }, ...(data && { data }), ref: ENVELOPE.ref, cursor: ENVELOPE.cursor };
  return { type: 'object', properties, required: isDataRequired ? ['event', 'data'] : ['event'] };
}

/** What makes a message of an envelope. */
const MESSAGE_MEMBERS = ['id', 'cursor', 'ts'] as const satisfies readonly (keyof Envelope)[];

/** The envelope of an application's message, as clients get it. */
export function messageSchema(event: JsonSchema, data: JsonSchema): JsonSchema {
  const { id, cursor, ts, from } = ENVELOPE;
  const properties = { event, data, id, cursor, ts, from };
  return { type: 'object', properties, required: ['event', 'data', ...MESSAGE_MEMBERS] };
}

/** The envelope of what a handler answers under an event of its own, or sends to its own connection: it is no message. */
export function answerSchema(rules: readonly JsonSchema[]): JsonSchema {
  const properties = { event: APPLICATION_EVENT, data: {}, ref: ENVELOPE.ref };
  const isNoMessage = { not: { anyOf: MESSAGE_MEMBERS.map((name) => ({ required: [name] })) } };
  return { type: 'object', properties, required: ['event'], ...isNoMessage, ...(rules.length > 0 && { allOf: rules }) };
}
