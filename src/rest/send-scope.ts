import { SetMetadata } from '@nestjs/common';
import type { Target } from '../core/delivery-target.js';
import type { Principal } from '../core/principal.js';
import { ProblemException } from './problem.js';

/** What a token may do on REST: a word of its `scope` claim. None includes another. */
export type RestScope = 'push:send' | 'push:broadcast' | 'push:admin';

/** What a route asks of a token: a scope, or one that depends on the targets in its body. */
export type RouteScope = RestScope | 'by-target';

/** Where the guard finds the scope of a route. */
export const ROUTE_SCOPE = 'push:route-scope';

/** Says which scope a route asks for. The built-in guard lets nobody in where a route does not say. */
export const RequiresScope = (scope: RouteScope): MethodDecorator => SetMetadata(ROUTE_SCOPE, scope);

/** Throws 403 unless the token has the scope. */
export function assertScope({ scopes }: Principal, scope: RestScope): void {
  if (scopes.includes(scope)) return;
  throw new ProblemException({
    status: 403,
    code: 'forbidden',
    detail: `the token has not the scope ${scope}`,
    headers: { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  });
}

/** Throws 403 unless the token may send to the target. Without a principal, the host's guards have judged already. */
export function assertMaySend(principal: Principal | undefined, target: Target): void {
  if (principal) assertScope(principal, target.all ? 'push:broadcast' : 'push:send');
}
