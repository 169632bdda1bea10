import type { ServerResponse } from 'node:http';
import { isHttp2, streamOf } from './http2-stream.js';

/**
 * Answers that are given and that their clients have not taken yet, as a long one to a poll. With its answer a poll is no
 * connection any more, so neither a sweep nor the count of the pipes meets it: what nobody reads of it would be held for
 * good, and the end of the HTTP server, which takes a socket with an ended answer for an idle one, would cut it.
 */
export class UntakenAnswers {
  private open = 0;

  /** @param stallTimeoutMs How long a client may take nothing of its answer; past it the socket is cut. */
  constructor(private readonly stallTimeoutMs: number) {}

  get count(): number {
    return this.open;
  }

  /** Looks after an answer that has been written to its end. */
  add(response: ServerResponse): void {
    if ((streamOf(response) ?? response).writableLength === 0) return;
    this.open++;
    response.once('close', () => this.open--);
    // Node counts what the peer takes as a sign of life, and sets the timeout anew when the answer has left.
    if (!isHttp2(response)) response.setTimeout(this.stallTimeoutMs, () => response.destroy());
  }
}
