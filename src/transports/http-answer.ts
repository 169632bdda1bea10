import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { problemOf } from '../core/problem.js';
import type { Refusal } from '../push/refusal.js';

/** How long the rest of a body that nobody reads may take to arrive. */
const DISCARD_TIMEOUT_MS = 5_000;

/** Nothing that is answered is ever a script or a page, whatever a browser would make of its first bytes. */
export const NO_SNIFFING = { 'X-Content-Type-Options': 'nosniff' } as const;

/** Answers with a problem document (RFC 9457). */
export function answerProblem(response: ServerResponse, refusal: Refusal): void {
  for (const [name, value] of Object.entries(refusal.headers)) response.setHeader(name, value);
  answerText(response, refusal.status, 'application/problem+json; charset=utf-8', JSON.stringify(problemOf(refusal)));
}

/** Answers with JSON that is text already. */
export function answerJson(response: ServerResponse, status: number, json: string): void {
  answerText(response, status, 'application/json; charset=utf-8', json);
}

/** Answers without a body. */
export function answerEmpty(response: ServerResponse, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(204, headers);
  response.end();
}

function answerText(response: ServerResponse, status: number, contentType: string, text: string): void {
  const body = Buffer.from(text);
  if (isClosing(response)) response.shouldKeepAlive = false;
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    ...NO_SNIFFING,
  });
  response.end(body);
  if (response.req.method === 'POST' && !response.req.complete) discardBody(response);
}

/** A client that still writes would not read its answer, and its socket would hold up the end of the application. */
function discardBody(response: ServerResponse): void {
  const { req } = response;
  const end = () => {
    if (!req.complete) req.destroy();
  };
  setTimeout(end, DISCARD_TIMEOUT_MS).unref();
  req.once('end', () => {
    if (isClosing(response)) req.socket.destroySoon();
  });
  req.resume();
}

/** A server that closes waits for all sockets, and hangs up only those that are idle at that moment. */
function isClosing({ req }: ServerResponse): boolean {
  const { server } = req.socket as Socket & { readonly server?: Server };
  return req.httpVersionMajor === 1 && server?.listening === false;
}
