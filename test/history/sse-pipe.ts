import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { EventStreamParser } from './event-stream-parser.js';
import { pathOf, readEnvelope } from './pipe.js';
import type { OpenPipe, PipeListener, PipeRequest } from './pipe.js';

/** A session over SSE, read from the bytes. What it sends goes by `POST /push/upstream` beside it. */
export const openSsePipe: OpenPipe = (request, listener) => {
  let response: IncomingMessage | undefined;
  let connectionId: string | undefined;
  let reason = 'end of stream';
  const outgoing = httpRequest({
    port: request.port,
    host: '127.0.0.1',
    path: pathOf('sse', request),
    agent: false,
    headers: { authorization: `Bearer ${request.token}`, accept: 'text/event-stream' },
  });
  const parser = new EventStreamParser(({ data, id }) => {
    const envelope = readEnvelope(data, listener);
    if (!envelope) return;
    if (envelope.event === 'push:welcome') connectionId = connectionIdOf(envelope.data);
    if (envelope.event === 'push:closing') reason = data;
    listener.frame(envelope, id);
  });
  outgoing.on('response', (incoming) => {
    response = incoming;
    if (incoming.statusCode !== 200) reason = `status ${incoming.statusCode}`;
    incoming.on('data', (chunk: Buffer) => {
      if (incoming.statusCode === 200) parser.push(chunk);
    });
    incoming.on('error', ({ message }) => {
      reason = message;
    });
  });
  outgoing.on('error', ({ message }) => {
    reason = message;
  });
  outgoing.on('close', () => listener.closed(reason));
  outgoing.end();
  return {
    send(frame) {
      if (connectionId !== undefined) postUpstream(request, connectionId, frame, listener);
      return true;
    },
    cut: () => outgoing.destroy(),
    sleep: () => response?.pause(),
    wake: () => response?.resume(),
  };
};

function postUpstream(request: PipeRequest, connectionId: string, frame: unknown, listener: PipeListener): void {
  const headers = {
    authorization: `Bearer ${request.token}`,
    'content-type': 'application/json',
    'push-connection': connectionId,
  };
  const path = '/push/upstream';
  const outgoing = httpRequest({ port: request.port, host: '127.0.0.1', path, method: 'POST', agent: false, headers });
  outgoing.on('response', (incoming) => {
    let text = '';
    incoming.setEncoding('utf8');
    incoming.on('data', (chunk: string) => (text += chunk));
    incoming.on('error', () => {});
    incoming.on('end', () => {
      const envelope = incoming.complete ? readEnvelope(text, listener) : undefined;
      if (envelope) listener.frame(envelope, undefined);
    });
  });
  // A request that was cut has no answer; the recipient asks again when it comes back.
  outgoing.on('error', () => {});
  outgoing.end(JSON.stringify(frame));
}

function connectionIdOf(data: unknown): string | undefined {
  return (data as { readonly connectionId?: string } | undefined)?.connectionId;
}
