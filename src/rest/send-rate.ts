/**
 * How much a caller may send by REST, on all nodes together. The answer to what was counted says where the caller
 * stands, in the fields of draft-ietf-httpapi-ratelimit-headers-11; what is refused before has none.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { RateBuckets } from '../backing/shared-limits.interface.js';
import { AnswerHeader } from '../core/answer-headers.js';
import { accountOf } from '../core/principal.js';
import { retryAfter } from '../core/problem.js';
import { ProblemException } from './problem.js';
import { REST_LIMITS } from './push-rest-options.interface.js';
import type { RestLimits } from './push-rest-options.interface.js';
import { RestAnswers } from './rest-answers.js';
import { callerOf, principalOf } from './rest-request.js';
import type { RestRequest } from './rest-request.js';

/** The injection token of the buckets that sends are taken from. */
export const SEND_BUCKETS = 'PUSH_SEND_BUCKETS';

/** The name of the policy in the header fields. */
const POLICY = '"sends"';
/** Seconds that the quota is for. */
const WINDOW_SECONDS = 1;

@Injectable()
export class SendRate {
  constructor(
    @Inject(SEND_BUCKETS) private readonly buckets: RateBuckets,
    @Inject(RestAnswers) private readonly answers: RestAnswers,
    @Inject(REST_LIMITS) private readonly limits: RestLimits,
  ) {}

  /** Takes so many messages into account and says so in the answer to come; throws 429 where there are too many. */
  async spend(request: RestRequest, response: unknown, messages = 1): Promise<void> {
    const { maxSendsPerSecond } = this.limits;
    if (maxSendsPerSecond === 0) return;
    const spent = this.buckets.spend(`sends:${subjectOf(request)}`, maxSendsPerSecond, messages);
    const { isGranted, remaining, retryAfterMs } = 'isGranted' in spent ? spent : await spent;
    const windowSeconds = isGranted ? WINDOW_SECONDS : Math.max(1, Math.ceil(retryAfterMs / 1000));
    this.answers.setHeader(response, AnswerHeader.RatePolicy, `${POLICY};q=${maxSendsPerSecond};w=${WINDOW_SECONDS}`);
    this.answers.setHeader(response, AnswerHeader.RateLimit, `${POLICY};r=${remaining};t=${windowSeconds}`);
    if (isGranted) return;
    throw new ProblemException({
      status: 429,
      code: 'rate_limited',
      detail: 'too many messages',
      headers: retryAfter(retryAfterMs),
    });
  }
}

/** Users of two tenants are two callers, whatever they are called. */
function subjectOf(request: RestRequest): string {
  const principal = principalOf(request);
  return principal ? `user:${accountOf(principal)}` : callerOf(request);
}
