import { Catch, HttpException, Inject, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { PushError } from '../core/push-error.js';
import { answerOf } from './problem.js';
import { RestAnswers } from './rest-answers.js';

/** Answers whatever the routes, and the guards, pipes and interceptors around them, throw with a problem. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  constructor(@Inject(RestAnswers) private readonly answers: RestAnswers) {}

  catch(error: unknown, host: ArgumentsHost): void {
    if (!(error instanceof PushError) && !(error instanceof HttpException)) this.logger.error(error);
    this.answers.sendProblem(host.switchToHttp().getResponse(), answerOf(error));
  }
}
