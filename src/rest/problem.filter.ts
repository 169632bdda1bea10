import { Catch, HttpException, Inject } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { FailureReport } from '../core/failure-report.js';
import { PushError } from '../core/push-error.js';
import { requestIdOf } from '../push/request-id.js';
import { answerOf } from './problem.js';
import { RefusedRequests } from './refused-requests.js';
import { RestAnswers } from './rest-answers.js';
import type { RestRequest } from './rest-request.js';

/** Answers whatever the routes, and the guards, pipes and interceptors around them, throw with a problem. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    @Inject(RestAnswers) private readonly answers: RestAnswers,
    @Inject(RefusedRequests) private readonly refusals: RefusedRequests,
    @Inject(FailureReport) private readonly failures: FailureReport,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<RestRequest>();
    if (!(error instanceof PushError) && !(error instanceof HttpException)) {
      this.failures.add(error, { requestId: requestIdOf(request) });
    }
    const answer = answerOf(error);
    this.refusals.tell(request, answer.problem);
    this.answers.sendProblem(http.getResponse(), answer);
  }
}
