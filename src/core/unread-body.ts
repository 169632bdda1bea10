/**
 * Requests that are answered before all of their body has come: it is too long, or the head alone was reason enough.
 *
 * Closed at once, such a connection would be reset while the client still writes, and the answer would be lost with it
 * (RFC 9112 section 9.6). So the rest is read and thrown away, for a bounded time, and only then does the connection
 * end, if either side wants it to.
 */
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isHttp2 } from './http2-stream.js';

/** How long the rest of a body that nobody reads may take to arrive. */
const DISCARD_TIMEOUT_MS = 5_000;

/** Sees to the rest of the body of this request. To be called before the head of the answer is written. */
export function outliveBody(response: ServerResponse): void {
  const { req } = response;
  if (req.complete || !hasBody(response)) return;
  const isLast = !response.shouldKeepAlive || isClosing(response);
  // Node would hang up as soon as the answer has left. Said nothing about, an HTTP/1.1 connection stays.
  response.shouldKeepAlive = true;
  response.removeHeader('Connection');
  const timer = setTimeout(() => req.destroy(), DISCARD_TIMEOUT_MS).unref();
  const end = () => {
    if (!req.complete || !response.writableFinished) return;
    clearTimeout(timer);
    if (isLast) req.socket.destroySoon();
  };
  req.once('end', end).once('close', () => clearTimeout(timer));
  response.once('finish', end);
  req.resume();
}

/** A server that closes waits for all sockets, and hangs up only those that are idle at that moment. */
export function isClosing(response: ServerResponse): boolean {
  const { server } = response.req.socket as Socket & { readonly server?: Server };
  return !isHttp2(response) && server?.listening === false;
}

/** HTTP/2 ends streams one by one and loses nothing. */
function hasBody(response: ServerResponse): boolean {
  const { headers } = response.req;
  return !isHttp2(response) && (headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0);
}
