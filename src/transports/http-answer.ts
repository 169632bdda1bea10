import type { ServerResponse } from 'node:http';
import { problemOf } from '../core/problem.js';
import { isClosing, outliveBody } from '../core/unread-body.js';
import type { Refusal } from '../push/refusal.js';

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
  outliveBody(response);
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    ...NO_SNIFFING,
  });
  response.end(body);
}
