import { AnswerHeader } from '../core/answer-headers.js';
import type { Target } from '../core/delivery-target.js';
import type { Principal } from '../core/principal.js';
import type { RestScope } from '../push/route-scope.js';
import { ProblemException } from './problem.js';

/** Throws 403 unless the token has the scope. */
export function assertScope({ scopes }: Principal, scope: RestScope): void {
  if (scopes.includes(scope)) return;
  throw new ProblemException({
    status: 403,
    code: 'forbidden',
    detail: `the token has not the scope ${scope}`,
    headers: { [AnswerHeader.Challenge]: `Bearer error="insufficient_scope", scope="${scope}"` },
  });
}

/** Throws 403 unless the token may send to the target. Without a principal, the host's guards have judged already. */
export function assertMaySend(principal: Principal | undefined, target: Target): void {
  if (principal) assertScope(principal, target.all ? 'push:broadcast' : 'push:send');
}
