/**
 * Lets pages of allowed origins read the answers of our routes (CORS, Fetch Standard section 3.2). A host that answers
 * CORS itself is left alone: a header that stands there twice is worse than none.
 */
import type { ServerResponse } from 'node:http';
import { AnswerHeader } from '../core/answer-headers.js';
import { answerEmpty } from './http-answer.js';
import type { HttpExchange } from './http-exchange.js';

const ALLOW_ORIGIN = 'Access-Control-Allow-Origin';
const EXPOSED_HEADERS = `${AnswerHeader.RetryAfter}, ${AnswerHeader.Challenge}`;
const REQUEST_HEADERS = 'Authorization, Content-Type, Last-Event-ID, Push-Connection, Cache-Control';
/** How long a browser may remember a preflight; Chromium takes no more than two hours. */
const PREFLIGHT_MAX_AGE_SECONDS = 7_200;

/** Adds what lets a page of the request's origin read the answer, if it is allowed and the host has not. */
export function allowOrigin({ request, response }: HttpExchange, isAllowed: boolean): void {
  if (response.hasHeader(ALLOW_ORIGIN)) return;
  varyByOrigin(response);
  const { origin } = request.headers;
  if (origin === undefined || !isAllowed) return;
  response.setHeader(ALLOW_ORIGIN, origin);
  response.setHeader('Access-Control-Allow-Credentials', 'true');
  response.setHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS);
}

/** Answers OPTIONS, a preflight or not, of a route with this method. */
export function answerOptions(exchange: HttpExchange, method: string, isAllowed: boolean): void {
  const { request, response } = exchange;
  allowOrigin(exchange, isAllowed);
  const isPreflight = request.headers['access-control-request-method'] !== undefined;
  if (isPreflight && isAllowed) {
    response.setHeader('Access-Control-Allow-Methods', method);
    response.setHeader('Access-Control-Allow-Headers', REQUEST_HEADERS);
    response.setHeader('Access-Control-Max-Age', String(PREFLIGHT_MAX_AGE_SECONDS));
  }
  answerEmpty(response, { Allow: `${method}, OPTIONS` });
}

function varyByOrigin(response: ServerResponse): void {
  const present = [response.getHeader('Vary') ?? []].flat().join(', ');
  if (/(?:^|[\s,])(?:origin|\*)(?:$|[\s,])/i.test(present)) return;
  response.setHeader('Vary', present === '' ? 'Origin' : `${present}, Origin`);
}
