import type { ErrorCode } from './error-codes.js';

/** The names of a transport, as in `push:welcome` and in listings. */
export type TransportName = 'ws' | 'sse' | 'poll';

/** One message on the wire, the same on every transport. Members that are not listed are ignored. */
export interface Envelope {
  readonly event: string;
  readonly data?: unknown;
  /** Stable identity of an application message, the same on all transports and in receipts. */
  readonly id?: string;
  /** The place after this message; hand it back to resume. */
  readonly cursor?: string;
  /** When the server accepted the message, ISO 8601 in UTC. */
  readonly ts?: string;
  /** The user who sent it; on messages between clients only. */
  readonly from?: string;
  /** The client's own mark on its frame; the reply or error to that frame carries the same. */
  readonly ref?: string;
}

/** A frame that a client sent, after its shape was checked. What `data` holds is checked by who handles the event. */
export interface ClientFrame {
  readonly event: string;
  readonly data: unknown;
  readonly ref: string | undefined;
}

/** `data` of `push:welcome`, the first frame of a connection. */
export interface WelcomeData {
  readonly connectionId: string;
  readonly userId: string;
  readonly groups: readonly string[];
  readonly transport: TransportName;
  readonly heartbeatMs: number;
  readonly maxFrameBytes: number;
  /** The place before any replay. */
  readonly cursor: string;
  /** True only if nothing is missing since the cursor that the client came with. */
  readonly resumed: boolean;
  /** When the token ends, ISO 8601 in UTC. */
  readonly expiresAt: string;
}

/**
 * Why messages are missing: more was missed than the log holds, the log began anew, the text was no cursor, or messages
 * of an event that may be skipped waited for a client that reads too slowly.
 */
export type GapReason = 'expired' | 'reset' | 'invalid_cursor' | 'skipped';

/** `data` of `push:gap`. */
export interface GapData {
  readonly reason: GapReason;
}

/** `data` of `push:error`. Never holds the offending payload. */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
}

/** `data` of `push:expiring`: the token ends then, ISO 8601 in UTC. */
export interface ExpiringData {
  readonly at: string;
}

/** `data` of `push:draining`: come back after so many milliseconds. */
export interface DrainingData {
  readonly reconnectInMs: number;
}

/** `data` of `push:closing`, the last event where there is no close code. The code and reason are those of a close. */
export interface ClosingData {
  readonly code: number;
  readonly reason: string;
  /** Whether the client may come back. */
  readonly reconnect: boolean;
  /** When to come back, where the server says it. */
  readonly retryAfterMs?: number;
}

/** The events that a server sends of itself. */
export const ServerEvent = {
  Welcome: 'push:welcome',
  Ok: 'push:ok',
  Error: 'push:error',
  Gap: 'push:gap',
  Expiring: 'push:expiring',
  Pong: 'push:pong',
  Draining: 'push:draining',
  Closing: 'push:closing',
} as const;

/** The events that a client sends to the server itself. */
export const ClientEvent = {
  Ping: 'push:ping',
  Join: 'push:join',
  Leave: 'push:leave',
  Send: 'push:send',
  Auth: 'push:auth',
} as const;
