import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Envelope } from '../../src/protocol/frames.js';
import { pathOf } from './pipe.js';
import type { OpenPipe, PipeListener } from './pipe.js';

/** How long a poll waits for messages, in seconds. */
const WAIT_SECONDS = 1;

/** One long poll. An answer counts whole or not at all; without a cursor it only asks for a place. */
export const openPollPipe: OpenPipe = (request, listener) => {
  let response: IncomingMessage | undefined;
  let reason = 'answered';
  const wait = request.cursor === undefined ? 0 : WAIT_SECONDS;
  const outgoing = httpRequest({
    port: request.port,
    host: '127.0.0.1',
    path: pathOf('poll', request, [`wait=${wait}`]),
    agent: false,
    headers: { authorization: `Bearer ${request.token}` },
  });
  outgoing.on('response', (incoming) => {
    response = incoming;
    let text = '';
    incoming.setEncoding('utf8');
    incoming.on('data', (chunk: string) => (text += chunk));
    incoming.on('error', ({ message }) => {
      reason = message;
    });
    incoming.on('end', () => {
      if (incoming.statusCode !== 200) reason = `status ${incoming.statusCode}`;
      else if (incoming.complete) takeAnswer(text, listener);
    });
  });
  outgoing.on('error', ({ message }) => {
    reason = message;
  });
  outgoing.on('close', () => listener.closed(reason));
  outgoing.end();
  return {
    send: () => false,
    cut: () => outgoing.destroy(),
    sleep: () => response?.pause(),
    wake: () => response?.resume(),
  };
};

function takeAnswer(text: string, listener: PipeListener): void {
  try {
    const { messages, cursor } = JSON.parse(text) as { messages: Envelope[]; cursor: string };
    for (const envelope of messages) listener.frame(envelope, envelope.cursor);
    listener.placed(cursor);
  } catch {
    listener.garbled(text.slice(0, 200));
  }
}
