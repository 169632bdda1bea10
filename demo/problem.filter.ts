import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  Inject,
  ServiceUnavailableException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { getSchemaPath } from '@nestjs/swagger';
import { PushError, pushProblem } from 'nestjs-push';

/** What it answers with, for the API document: the push API describes it there. */
export const PROBLEM_CONTENT = {
  'application/problem+json': { schema: { $ref: getSchemaPath('PushProblemModel') } },
};

/**
 * Answers as the push API does where a send fails, something that a route needs is out of reach, or a body is of another
 * type. Nest by itself would call each PushError a bug of the server.
 */
@Catch(PushError, ServiceUnavailableException, UnsupportedMediaTypeException)
export class ProblemFilter implements ExceptionFilter<Error> {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  catch(error: Error, host: ArgumentsHost): void {
    const { httpAdapter } = this.host;
    const response = host.switchToHttp().getResponse<unknown>();
    const { status, headers, body } = pushProblem(error);
    for (const [name, value] of Object.entries(headers)) httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, body, status);
  }
}
