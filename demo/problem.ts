import { STATUS_CODES } from 'node:http';

/** What a problem says. */
export interface ProblemParts {
  readonly status: number;
  /** Stable, for programs. */
  readonly code: string;
  readonly detail: string;
  /** When trying again makes sense; unknown where it is left out. */
  readonly retryAfterMs?: number | undefined;
}

/** An answer, ready to be written. */
export interface ProblemAnswer {
  readonly headers: Readonly<Record<string, string>>;
  /** JSON as text: given an object, Nest's adapters would call it `application/json`. */
  readonly body: string;
}

/** The answer of the push API to what goes wrong: problem details, with the members that Nest's own bodies have. */
export function problemAnswer({ status, code, detail, retryAfterMs }: ProblemParts): ProblemAnswer {
  const title = STATUS_CODES[status] ?? 'Error';
  const problem = {
    type: 'about:blank',
    title,
    status,
    detail,
    code,
    statusCode: status,
    message: detail,
    error: title,
  };
  const headers = {
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Type': 'application/problem+json; charset=utf-8',
    ...(retryAfterMs !== undefined && { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
  };
  return { headers, body: JSON.stringify(problem) };
}
