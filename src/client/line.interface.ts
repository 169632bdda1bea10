import type { ClientFrame, Envelope } from '../protocol/frames.js';
import type { LineEnd } from './line-end.js';
import type { PushServer, Query } from './push-server.js';

/** What a line tells. Nothing more comes after `ended`, nor after {@link Line.close}. */
export interface LineHandlers {
  /** The line works. ws and sse say so by `push:welcome` in place of this. */
  readonly opened: () => void;
  /** Something arrived, be it only a heartbeat. */
  readonly heard: () => void;
  readonly framed: (envelope: Envelope) => void;
  readonly ended: (end: LineEnd) => void;
}

/** One connection over one transport, from the attempt to its end. It never comes back: a new one is made. */
export interface Line {
  /**
   * Sends a frame, given also as JSON. Whoever answers a promise gives the reply in it, and takes the next frame when
   * it is settled; else the reply comes as a frame. A promise rejects when the outcome is unknown; without a reply the
   * frame was not carried out and is for the next line.
   */
  send(frame: ClientFrame, text: string, timeoutMs: number): void | Promise<Envelope | undefined>;
  /** Says nothing any more. */
  close(): void;
}

/** Starts a line. `query` gives `cursor` and `groups` of the moment. */
export type OpenLine = (server: PushServer, query: () => Query, handlers: LineHandlers) => Line;
