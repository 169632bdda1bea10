import type { Envelope, ErrorData, WelcomeData } from '../protocol/frames.js';
import type { LineEnd } from './line-end.js';
import type { OpenLine } from './line.interface.js';
import { refusalOf } from './push-server.js';
import { sseParser } from './sse-parser.js';

/**
 * A line over Server-Sent Events, read by fetch: unlike `EventSource` it can send a header, sees the status of a refusal
 * and hears the heartbeat comments. Frames go up by POST.
 */
export const openSseLine: OpenLine = (server, query, handlers) => {
  const aborter = new AbortController();
  const { signal } = aborter;
  let connectionId: string | undefined;
  // Ended before its welcome: something in between does not let a stream through.
  let end: LineEnd = { isBlocked: true };
  const parse = sseParser((data) => {
    if (signal.aborted) return;
    const envelope = JSON.parse(data) as Envelope;
    if (envelope.event === 'push:welcome') {
      ({ connectionId } = envelope.data as WelcomeData);
      end = {};
    }
    if (envelope.event === 'push:closing') end = envelope.data as LineEnd;
    handlers.framed(envelope);
  });
  const read = async (): Promise<LineEnd> => {
    const response = await server.fetch('sse', query(), { signal, headers: { Accept: 'text/event-stream' } });
    if (!response.ok) return refusalOf(response);
    if (!response.body) return end;
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return end;
      handlers.heard();
      parse(decoder.decode(value, { stream: true }));
    }
  };
  void read()
    .catch((error: unknown): LineEnd => ({ error }))
    .then((reason) => {
      if (!signal.aborted) handlers.ended(reason);
    });
  return {
    async send(_frame, text, timeoutMs) {
      const reply = await server.post(text, timeoutMs, connectionId);
      if (!isOfNoStream(reply)) return reply;
      handlers.ended({});
      return undefined;
    },
    close: () => aborter.abort(),
  };
};

/** The server has lost the stream, which the client has not noticed yet. That is no word on the frame itself. */
function isOfNoStream({ event, data }: Envelope): boolean {
  return event === 'push:error' && (data as ErrorData).detail.startsWith('Push-Connection');
}
