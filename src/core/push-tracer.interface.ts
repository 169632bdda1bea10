import type { OutgoingMessage } from './outgoing-message.js';

/**
 * Follows messages on their way for a system of traces. Only there where such a system runs; nobody else pays for it. A
 * place in a trace goes from node to node as the text of a `traceparent` (W3C Trace Context).
 */
export interface PushTracer {
  /** Publishes within a span, which is below that of the caller. `run` gets the place in the trace, if it is recorded. */
  publish<Result>(event: string, run: (traceparent: string | undefined) => Promise<Result>): Promise<Result>;
  /** A message of a recorded trace is in the queues of so many connections; the span ends when all have it or lost it. */
  queued(traceparent: string, message: OutgoingMessage, connections: number): void;
  /** Has the application handle a frame of a client within a span. What `run` resolves with is a failure, if anything. */
  handle(event: string, connectionId: string, run: () => Promise<unknown>): Promise<void>;
}
