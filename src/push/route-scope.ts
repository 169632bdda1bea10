import { SetMetadata } from '@nestjs/common';

/** What a token may do on REST: a word of its `scope` claim. None includes another. */
export type RestScope = 'push:send' | 'push:broadcast' | 'push:admin';

/** What a route asks of a token: a scope, or one that depends on the targets in its body. */
export type RouteScope = RestScope | 'by-target';

/** Where the guard finds the scope of a route. */
export const ROUTE_SCOPE = 'push:route-scope';

/** Says which scope a route asks for. The built-in guard lets nobody in where a route does not say. */
export const RequiresScope = (scope: RouteScope): MethodDecorator => SetMetadata(ROUTE_SCOPE, scope);
