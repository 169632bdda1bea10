/**
 * What a REST caller is told when something goes wrong: problem details (RFC 9457), with the members that Nest's own
 * error bodies have. Every error of the routes becomes one here, whoever threw it: PushService, a guard of the host, the
 * body parser of the platform, or a bug.
 */
import { HttpException } from '@nestjs/common';
import { problemOf, retryAfter, sentenceOf } from '../core/problem.js';
import type { Problem, ProblemParts } from '../core/problem.js';
import { PushError } from '../core/push-error.js';
import type { PushErrorDetail } from '../core/push-error.js';

/** An error with its body and headers. */
export interface ProblemAnswer {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
}

/** An error that knows its problem. Thrown by the REST interface itself; to the host's interceptors an HttpException. */
export class ProblemException extends HttpException {
  constructor(readonly parts: ProblemParts) {
    super(parts.detail, parts.status);
  }
}

/** For 503 and 409 that do not say themselves when to come back. */
const DEFAULT_RETRY_AFTER_MS = 1_000;

/** The type of a problem document. */
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** What every answer says of itself: that it is kept nowhere, and is nothing but what it calls itself. */
export const ANSWER_HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' } as const;

/** Codes of the errors that bring none, by status; any other is `http_<status>`. */
const CODES: Readonly<Record<number, string>> = {
  400: 'bad_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  409: 'conflict',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  422: 'unprocessable',
  429: 'too_many_requests',
  500: 'internal',
  503: 'unavailable',
};

/** The code of an error that brings none. */
export function codeOfStatus(status: number): string {
  return CODES[status] ?? `http_${status}`;
}

/** The answer to any error. One that is nobody's answer is a bug of the server: 500, and nothing of it is told. */
export function answerOf(error: unknown): ProblemAnswer {
  if (error instanceof ProblemException) return problemAnswer(error.parts);
  if (error instanceof PushError) return problemAnswer(partsOfPushError(error));
  if (error instanceof HttpException) return problemAnswer(partsOfHttpException(error));
  return problemAnswer({ status: 500, code: codeOfStatus(500), detail: 'something went wrong on the server' });
}

/** The answer with these parts. */
export function problemAnswer(parts: ProblemParts): ProblemAnswer {
  return { problem: problemOf(parts), headers: parts.headers ?? {} };
}

function partsOfPushError({ code, status, message, errors, retryAfterMs }: PushError): ProblemParts {
  const isTemporary = status === 503 || status === 409;
  const waitMs = retryAfterMs ?? (isTemporary ? DEFAULT_RETRY_AFTER_MS : undefined);
  return {
    status,
    code: code.replace('PUSH_ERR_', '').toLowerCase(),
    detail: errors?.length ? summaryOf(errors) : message,
    errors: errors?.length ? errors : undefined,
    headers: waitMs === undefined ? undefined : retryAfter(waitMs),
  };
}

function partsOfHttpException(exception: HttpException): ProblemParts {
  const status = exception.getStatus();
  const response = exception.getResponse();
  const message: unknown = typeof response === 'object' && 'message' in response ? response.message : response;
  const texts = (Array.isArray(message) ? message : [message]).filter((text) => typeof text === 'string');
  const detail = texts.length > 0 ? texts.join('; ') : exception.message;
  return {
    status,
    code: codeOfStatus(status),
    detail,
    headers: status === 503 ? retryAfter(DEFAULT_RETRY_AFTER_MS) : undefined,
  };
}

function summaryOf(errors: readonly PushErrorDetail[]): string {
  const [first] = errors;
  return errors.length === 1 && first ? sentenceOf(first) : `the request has ${errors.length} problems`;
}
