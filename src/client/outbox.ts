/**
 * Requests on their way: they wait for a line, are written once, and end with their reply, an error, or in time. What
 * was written is never written again: if its line breaks before the reply, nobody knows whether it was carried out.
 */
import type { ClientFrame, Envelope } from '../protocol/frames.js';
import { PushClientError, errorFrom } from './client-errors.js';
import type { ErrorLike, PushClientErrorCode } from './client-errors.js';
import type { ClientSettings } from './client-options.js';
import type { Line } from './line.interface.js';

interface Entry {
  readonly frame: ClientFrame;
  readonly text: string;
  readonly timeoutMs: number;
  readonly timer: ReturnType<typeof setTimeout>;
  readonly resolve: (data: unknown) => void;
  readonly reject: (error: Error) => void;
  /** The line it was written to; undefined while it waits. */
  line?: Line;
  /** The reply comes by a request of its own, which outlives the line. */
  isPosted?: boolean;
}

/** See the head of this file. */
export class Outbox {
  readonly #maxQueued: number;
  readonly #timeoutMs: number;
  readonly #entries = new Map<string, Entry>();
  #line: Line | undefined;
  #maxFrameBytes = Infinity;
  #isPosting = false;
  #isClosed = false;
  #lastRef = 0;

  constructor({ maxQueuedRequests, requestTimeoutMs }: ClientSettings) {
    this.#maxQueued = maxQueuedRequests;
    this.#timeoutMs = requestTimeoutMs;
  }

  /** Sends a frame and answers the data of its reply. */
  request(event: string, data: unknown, timeoutMs = this.#timeoutMs): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ref = `c-${++this.#lastRef}`;
      const frame = { event, data, ref };
      const text = JSON.stringify(frame);
      if (this.#isClosed) throw new PushClientError('closed');
      if (this.#waiting().length >= this.#maxQueued) throw new PushClientError('queue_full');
      const timer = setTimeout(() => this.#fail(ref, 'timeout'), timeoutMs);
      this.#entries.set(ref, { frame, text, timeoutMs, timer, resolve, reject });
      this.#flush();
    });
  }

  /** Takes a frame if it is the reply to one of these requests. */
  settle({ ref, event, data }: Pick<Envelope, 'event' | 'data'> & { readonly ref?: string | undefined }): boolean {
    const entry = this.#remove(ref);
    if (event === 'push:error') entry?.reject(errorFrom(data as ErrorLike));
    else entry?.resolve(data);
    return entry !== undefined;
  }

  /** A line is live: what waits goes out. Without a line it waits on. */
  attach(line?: Line, maxFrameBytes = Infinity): void {
    this.#line = line;
    this.#maxFrameBytes = maxFrameBytes;
    this.#flush();
  }

  /** The line is gone. */
  detach(line: Line): void {
    if (this.#line === line) this.#line = undefined;
    for (const [ref, entry] of this.#entries) {
      if (entry.line === line && !entry.isPosted) this.#fail(ref, 'unknown_outcome');
    }
  }

  /** Rejects all that is left, and all that comes. */
  close(): void {
    this.#isClosed = true;
    for (const ref of this.#entries.keys()) this.#fail(ref, 'closed');
  }

  #flush(): void {
    for (const entry of this.#waiting()) {
      if (!this.#line || this.#isPosting) return;
      if (new TextEncoder().encode(entry.text).length > this.#maxFrameBytes) {
        // The server would close the connection for it.
        this.#fail(entry.frame.ref, 'frame_too_big');
      } else this.#write(entry, this.#line);
    }
  }

  #write(entry: Entry, line: Line): void {
    const { frame, text, timeoutMs } = entry;
    entry.line = line;
    const reply = line.send(frame, text, timeoutMs);
    entry.isPosted = reply !== undefined;
    if (!reply) return;
    // One at a time: requests of their own could overtake one another.
    this.#isPosting = true;
    void reply
      .then(
        (envelope) => {
          if (envelope) this.settle({ ...envelope, ref: frame.ref });
          delete entry.line;
        },
        () => this.#fail(frame.ref, 'unknown_outcome'),
      )
      .then(() => {
        this.#isPosting = false;
        this.#flush();
      });
  }

  #waiting(): readonly Entry[] {
    return [...this.#entries.values()].filter(({ line }) => !line);
  }

  #fail(ref: string | undefined, code: PushClientErrorCode): void {
    this.#remove(ref)?.reject(new PushClientError(code));
  }

  #remove(ref = ''): Entry | undefined {
    const entry = this.#entries.get(ref);
    clearTimeout(entry?.timer);
    this.#entries.delete(ref);
    return entry;
  }
}
