import { STATUS_CODES } from 'node:http';
import { AnswerHeader } from './answer-headers.js';
import type { PushErrorDetail } from './push-error.js';

/** The body of an HTTP error: problem details (RFC 9457), with the members that Nest's own error bodies have. */
export interface Problem {
  readonly type: 'about:blank';
  /** The phrase of the status, as RFC 9457 section 4.2.1 wants it for `about:blank`. */
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Stable, for programs. */
  readonly code: string;
  readonly errors?: readonly PushErrorDetail[];
  readonly statusCode: number;
  readonly message: string | readonly string[];
  readonly error: string;
}

/** What a problem is made from. */
export interface ProblemParts {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly PushErrorDetail[] | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Most problems that one answer lists, so that a small body full of mistakes gets no huge answer. */
const MAX_LISTED_ERRORS = 100;

/** The document of these parts. */
export function problemOf({ status, code, detail, errors }: ProblemParts): Problem {
  const title = STATUS_CODES[status] ?? 'Error';
  const listed = errors && limited(errors);
  return {
    type: 'about:blank',
    title,
    status,
    detail,
    code,
    ...(listed && { errors: listed }),
    statusCode: status,
    message: listed ? listed.map(sentenceOf) : detail,
    error: title,
  };
}

/** `Retry-After` in whole seconds, at least one. */
export function retryAfter(milliseconds: number): Readonly<Record<string, string>> {
  return { [AnswerHeader.RetryAfter]: String(Math.max(1, Math.ceil(milliseconds / 1000))) };
}

/** One problem as a sentence. */
export function sentenceOf({ pointer, detail }: PushErrorDetail): string {
  return pointer === '' ? detail : `${pointer} ${detail}`;
}

function limited(errors: readonly PushErrorDetail[]): readonly PushErrorDetail[] {
  if (errors.length <= MAX_LISTED_ERRORS) return errors;
  const more = errors.length - MAX_LISTED_ERRORS;
  return [...errors.slice(0, MAX_LISTED_ERRORS), { pointer: '', detail: `and ${more} more problems` }];
}
