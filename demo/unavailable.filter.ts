import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, ServiceUnavailableException } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { PushError } from 'nestjs-push';
import { type ProblemParts, problemAnswer } from './problem.js';

/** For what does not say itself when to come back. */
const DEFAULT_RETRY_AFTER_MS = 1_000;

/**
 * Answers as the push API does where a send fails or something that a route needs is out of reach: with a problem that
 * says when to come back. Nest by itself would call each PushError a bug of the server.
 */
@Catch(PushError, ServiceUnavailableException)
export class UnavailableFilter implements ExceptionFilter<PushError | ServiceUnavailableException> {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  catch(error: PushError | ServiceUnavailableException, host: ArgumentsHost): void {
    const { httpAdapter } = this.host;
    const response = host.switchToHttp().getResponse<unknown>();
    const parts = partsOf(error);
    const { headers, body } = problemAnswer(parts);
    for (const [name, value] of Object.entries(headers)) httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, body, parts.status);
  }
}

function partsOf(error: PushError | ServiceUnavailableException): ProblemParts {
  const detail = error.message;
  if (!(error instanceof PushError)) {
    return { status: error.getStatus(), code: 'unavailable', detail, retryAfterMs: DEFAULT_RETRY_AFTER_MS };
  }
  const { status, retryAfterMs = status === 503 ? DEFAULT_RETRY_AFTER_MS : undefined } = error;
  return { status, code: error.code.replace('PUSH_ERR_', '').toLowerCase(), detail, retryAfterMs };
}
