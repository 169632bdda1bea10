import type { ClientFrame, Envelope, ErrorData } from '../protocol/frames.js';
import type { LineEnd } from './line-end.js';
import type { OpenLine } from './line.interface.js';
import { refusalOf } from './push-server.js';

/** How long the server may hold a poll, in seconds. */
const WAIT_SECONDS = 25;
/** An answer that brings nothing must have taken so long, or the next poll would follow in a hot loop. */
const MIN_IDLE_MS = 500;

interface PollAnswer {
  readonly messages: readonly Envelope[];
  readonly cursor: string;
}

/** A join or leave that the next answer settles. There is one at a time, for whoever sends waits for its reply. */
interface GroupChange {
  readonly frame: ClientFrame;
  readonly settle: (reply: Envelope) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A line over long polling. A poll has no connection to join a group with: the groups go along with each poll, so a join
 * or leave asks anew at once, without waiting, and that answer is the reply. The first poll does not wait either: it
 * tells that the line works and from which place.
 */
export const openPollLine: OpenLine = (server, query, handlers) => {
  let isClosed = false;
  let aborter = new AbortController();
  let change: GroupChange | undefined;

  const run = async (): Promise<LineEnd> => {
    for (let waitSeconds = 0; ; waitSeconds = change ? 0 : WAIT_SECONDS) {
      aborter = new AbortController();
      const { signal } = aborter;
      const settling = change;
      const startedAt = Date.now();
      try {
        const response = await server.fetch('poll', { ...query(), wait: `${waitSeconds}` }, { signal });
        if (!response.ok) return await refusalOf(response);
        const { messages, cursor } = (await response.json()) as PollAnswer;
        if (isClosed) return {};
        handlers.heard();
        handlers.opened();
        for (const envelope of messages) handlers.framed(envelope);
        // An answer without messages moves the place too.
        handlers.framed({ event: 'push:moved', cursor });
        if (settling) {
          change = undefined;
          settling.settle(replyTo(settling.frame, messages));
        }
        const isTooFast = waitSeconds > 0 && messages.length === 0 && Date.now() - startedAt < MIN_IDLE_MS;
        if (isTooFast || messages.some(({ event }) => event === 'push:draining')) return {};
      } catch (error) {
        // Cut short by a join or leave: ask anew.
        if (isClosed || change === settling) return { error };
      }
    }
  };

  void run().then((end) => {
    if (!isClosed) handlers.ended(end);
  });
  return {
    send(frame, text, timeoutMs) {
      if (!/^push:(join|leave)$/.test(frame.event)) return server.post(text, timeoutMs);
      return new Promise((settle, reject) => {
        change = { frame, settle, reject };
        aborter.abort();
      });
    },
    close() {
      isClosed = true;
      aborter.abort();
      change?.reject(new Error('gone'));
    },
  };
};

/** A refused group stands as a word of its own in the detail of its error. */
function replyTo({ data }: ClientFrame, messages: readonly Envelope[]): Envelope {
  const { group } = data as { readonly group: string };
  const names = ({ event, data: error }: Envelope): boolean =>
    event === 'push:error' && (error as ErrorData).detail.split(' ').includes(group);
  return messages.find(names) ?? { event: 'push:ok', data: { group } };
}
