import { Catch, HttpException, Inject, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { PushError } from '../core/push-error.js';
import { answerOf } from './problem.js';
import { RefusedRequests } from './refused-requests.js';
import { RestAnswers } from './rest-answers.js';
import type { RestRequest } from './rest-request.js';

/** Answers whatever the routes, and the guards, pipes and interceptors around them, throw with a problem. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  constructor(
    @Inject(RestAnswers) private readonly answers: RestAnswers,
    @Inject(RefusedRequests) private readonly refusals: RefusedRequests,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    if (!(error instanceof PushError) && !(error instanceof HttpException)) this.logger.error(error);
    const http = host.switchToHttp();
    const answer = answerOf(error);
    this.refusals.tell(http.getRequest<RestRequest>(), answer.problem);
    this.answers.sendProblem(http.getResponse(), answer);
  }
}
