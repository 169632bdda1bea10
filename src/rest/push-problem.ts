import { ANSWER_HEADERS, PROBLEM_TYPE, answerOf } from './problem.js';

/** An answer, ready to be written. */
export interface PushProblem {
  readonly status: number;
  /** `Content-Type` and `Retry-After` among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON as text: given an object, the adapters of Nest would call it `application/json`. */
  readonly body: string;
}

/**
 * What the push API answers an error with: a problem document (RFC 9457) that also has the members of Nest's own error
 * bodies. For filters of the host, whose routes can so say no in the same form. A PushError and an HttpException say
 * themselves what they are and, where it makes sense to come back, when; anything else is a 500 that tells nothing of it, and
 * is the host's to log. Never throws.
 */
export function pushProblem(error: unknown): PushProblem {
  const { problem, headers } = answerOf(error);
  return {
    status: problem.status,
    headers: { ...ANSWER_HEADERS, 'Content-Type': PROBLEM_TYPE, ...headers },
    body: JSON.stringify(problem),
  };
}
