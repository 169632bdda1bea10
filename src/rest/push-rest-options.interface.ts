import type { CanActivate, ControllerOptions, Type } from '@nestjs/common';
import type { TrustProxy } from '../auth/client-address.js';
import type { AdmissionOptions } from '../push/handshake-parts.js';

/** The REST interface: what its decorators need, so it is given synchronously, beside a factory of options. */
export interface PushRestOptions {
  /**
   * Where the routes are, below the host's global prefix.
   * @default 'push'
   */
  readonly path?: string;
  /**
   * The version of the routes where the host has versioning.
   * @default VERSION_NEUTRAL
   */
  readonly version?: NonNullable<ControllerOptions['version']>;
  /**
   * Guards that take the place of the built-in one entirely: whom they let in may use every route, no scope is judged.
   * The caller of an `Idempotency-Key` is then `request.user`'s `sub`, `userId` or `id`; without one, all callers share
   * their keys. Name `PushApiGuard` among them to keep the token and its scopes. What they inject comes from the
   * module's `imports` or is global. An empty list is refused: a guard that lets everyone in says so by its name.
   * @default [PushApiGuard]
   */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[];
  /**
   * Says whose request it is, where guards of the host have let it in and not {@link PushApiGuard}, whose token says it:
   * the name of the tenant that is sent to, listed and counted; undefined is the default tenant. What it throws is the
   * answer.
   * @default the default tenant
   */
  readonly tenantOf?: (request: unknown) => string | undefined;
  /**
   * Class decorators of the host for the controller, such as `Public()`, `SkipThrottle()` or `ApiTags('push')`.
   * @default []
   */
  readonly decorators?: readonly ClassDecorator[];
}

/** What a caller of REST is bounded by. */
export interface TargetLimits {
  /**
   * Most users, groups and connections that one REST message may name, exceptions included, and most users of one
   * presence question; past it 400. A larger audience is a group, or several messages of a batch.
   * @default 10_000
   */
  readonly maxTargets?: number;
  /**
   * Messages a second that one caller of REST may send, on all nodes together, as many at once after a quiet second; past
   * it 429. Each message of a batch counts. 0: no limit.
   * @default 0
   */
  readonly maxSendsPerSecond?: number;
}

/** What REST needs to know of the options. */
export type RestLimits = Required<TargetLimits & Pick<AdmissionOptions, 'authTimeoutMs'>> & {
  readonly trustProxy: TrustProxy;
};

/** The injection token of {@link RestLimits}. */
export const REST_LIMITS = 'PUSH_REST_LIMITS';
