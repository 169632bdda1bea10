import type { Envelope, TransportName } from '../../src/protocol/frames.js';

/** How a pipe is asked for. */
export interface PipeRequest {
  readonly port: number;
  readonly token: string;
  readonly cursor: string | undefined;
  readonly groups: readonly string[];
}

/** Who hears what comes through a pipe, in order. */
export interface PipeListener {
  /** One whole envelope, with the cursor that the transport gives beside it, if it gives one. */
  frame(envelope: Envelope, cursor: string | undefined): void;
  /** The server gave a place without an envelope that says so. */
  placed(cursor: string): void;
  garbled(detail: string): void;
  /** The last word of every pipe, once. */
  closed(reason: string): void;
}

/** One session on one transport, as a client holds it. */
export interface Pipe {
  /** Sends a frame of the client; false where this transport has no way for it. */
  send(frame: { readonly event: string; readonly data: unknown; readonly ref: string }): boolean;
  /** Breaks off from the client's side, as a page that is closed. */
  cut(): void;
  /** Neither reads nor answers until `wake`, as a page asleep. */
  sleep(): void;
  wake(): void;
}

/** Opens a pipe on a transport. */
export type OpenPipe = (request: PipeRequest, listener: PipeListener) => Pipe;

/** The path of a transport with what a client asks for. */
export function pathOf(transport: TransportName, { cursor, groups }: PipeRequest, more: string[] = []): string {
  const query = [
    ...(cursor === undefined ? [] : [`cursor=${encodeURIComponent(cursor)}`]),
    ...(groups.length === 0 ? [] : [`groups=${encodeURIComponent(groups.join(','))}`]),
    ...more,
  ];
  return `/push/${transport}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}

/** Reads an envelope; what cannot be read is told to the listener. */
export function readEnvelope(text: string, listener: PipeListener): Envelope | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'event' in value) return value as Envelope;
  } catch {
    // Told below, as everything else that is no envelope.
  }
  listener.garbled(text.slice(0, 200));
  return undefined;
}
