import type { CanActivate, ControllerOptions, Type } from '@nestjs/common';

/** The admin console: what its decorators need, so it is given synchronously, beside a factory of options. */
export interface PushConsoleOptions {
  /**
   * Where the console is, below the host's global prefix.
   * @default 'console'
   */
  readonly path?: string;
  /**
   * The version of its routes where the host has versioning.
   * @default VERSION_NEUTRAL
   */
  readonly version?: NonNullable<ControllerOptions['version']>;
  /**
   * Guards that take the place of the built-in one entirely: whom they let in may do everything in the console, no scope is
   * judged. The page then asks for no token: it comes as the host's own pages do, with the cookies of the browser. What
   * they inject comes from the module's `imports` or is global.
   * @default [PushApiGuard]
   */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[];
  /**
   * Says which tenant is looked at, where guards of the host have let the request in; undefined is the default tenant.
   * What it throws is the answer.
   * @default the default tenant
   */
  readonly tenantOf?: (request: unknown) => string | undefined;
  /**
   * Where the page gets its token by itself, on the same origin: it sends a POST with the cookies of the browser and
   * expects `{ token }`. Without it the page asks whoever opens it for a token. Without meaning where `guards` are named.
   */
  readonly tokenUrl?: string;
  /**
   * Class decorators of the host for the controllers, such as `Public()` or `SkipThrottle()`.
   * @default []
   */
  readonly decorators?: readonly ClassDecorator[];
}
