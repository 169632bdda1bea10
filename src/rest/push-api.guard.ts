import { Inject, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AnswerHeader } from '../core/answer-headers.js';
import { systemClock } from '../core/clock.js';
import { FailureReport } from '../core/failure-report.js';
import type { Principal } from '../core/principal.js';
import { withinTime } from '../core/within-time.js';
import { AccessService } from '../push/access.service.js';
import { requestIdOf } from '../push/request-id.js';
import { ROUTE_SCOPE } from '../push/route-scope.js';
import type { RouteScope } from '../push/route-scope.js';
import { retryAfter } from '../core/problem.js';
import { ProblemException } from './problem.js';
import { REST_LIMITS } from './push-rest-options.interface.js';
import type { RestLimits } from './push-rest-options.interface.js';
import { rememberPrincipal } from './rest-request.js';
import type { RestRequest } from './rest-request.js';
import { assertScope } from './send-scope.js';

const BEARER = /^bearer +([^\s]+) *$/i;
const RETRY_AFTER_MS = 5_000;

/**
 * The guard of REST unless the host names others: the token of `Authorization: Bearer`, verified as for a connection,
 * with the scope that the route asks for. Without a good token 401; without the scope 403; 503 where the token cannot be
 * judged within `authTimeoutMs`.
 */
@Injectable()
export class PushApiGuard implements CanActivate {
  constructor(
    @Inject(AccessService) private readonly access: AccessService,
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(REST_LIMITS) private readonly limits: RestLimits,
    @Inject(FailureReport) private readonly failures: FailureReport,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<RestRequest>();
    const scope = this.reflector.get<RouteScope | undefined>(ROUTE_SCOPE, context.getHandler());
    const principal = await this.bearerOf(request);
    // Also of a request that is refused: who it was is told to the application.
    rememberPrincipal(request, principal);
    if (scope === undefined) return false;
    if (scope !== 'by-target') assertScope(principal, scope);
    return true;
  }

  private async bearerOf(request: RestRequest): Promise<Principal> {
    const { authorization } = request.headers;
    if (authorization === undefined) throw unauthorized('a token is required: Authorization: Bearer', 'Bearer');
    const token = BEARER.exec(authorization)?.[1];
    const principal = token === undefined ? undefined : await this.verify(token, request);
    if (!principal) throw unauthorized('the token was refused', 'Bearer error="invalid_token"');
    return principal;
  }

  private async verify(token: string, request: RestRequest): Promise<Principal | undefined> {
    try {
      return await withinTime(systemClock, this.limits.authTimeoutMs, this.access.verify(token));
    } catch (cause) {
      // With the cause in the message: a log that keeps nothing else says what is wrong.
      const failure = new Error(`the authenticator failed: ${String(cause)}`, { cause });
      this.failures.add(failure, { requestId: requestIdOf(request) });
      throw new ProblemException({
        status: 503,
        code: 'unavailable',
        detail: 'the token cannot be checked at the moment',
        headers: retryAfter(RETRY_AFTER_MS),
      });
    }
  }
}

function unauthorized(detail: string, challenge: string): ProblemException {
  return new ProblemException({
    status: 401,
    code: 'unauthorized',
    detail,
    headers: { [AnswerHeader.Challenge]: challenge },
  });
}
