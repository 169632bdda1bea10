import { Inject, Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { isLater } from './core/now-or-later.js';
import { describeReceived } from './core/option-problem.js';
import { PushError } from './core/push-error.js';
import { createConsole } from './push.console.js';
import type { PushModuleExtras } from './push-options.interface.js';
import { checkAsyncRoot, checkRoot, madeOptionsProviders } from './push.extras.js';
import { PushFirstToEnd } from './push.first-to-end.js';
import { ASYNC_OPTIONS_TYPE, ConfigurableModuleClass, OPTIONS_TYPE } from './push.module-definition.js';
import { createProviders } from './push.providers.js';
import { PushRestRoutes } from './push.rest-routes.js';
import { PushHealthIndicator } from './ops/push-health.indicator.js';
import { PushMetrics } from './ops/push-metrics.js';
import { PushHealth } from './push/push-health.js';
import { PushService } from './push/push.service.js';
import { AccessService } from './push/access.service.js';
import { createPushController, createRestProviders } from './rest/push-controller.factory.js';

/**
 * Real-time push for a Nest application. Import it once, in the root module:
 *
 * `PushModule.forRoot({ auth: { jwt: { secret, algorithms: ['HS256'] } }, origins: ['https://shop.example'] })`
 *
 * Then inject {@link PushService} anywhere.
 */
@Module({})
export class PushModule extends ConfigurableModuleClass {
  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    super();
    assertConfigured(modules);
  }

  /** With options that are known now. Throws at start when an option is wrong, with every problem listed. */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    assertObject(options);
    const hasAuthentication = options.auth !== undefined || options.authenticator !== undefined;
    checkRoot(options, hasAuthentication);
    return assemble(super.forRoot(options), options, hasAuthentication, []);
  }

  /**
   * With options from a factory, class or existing provider. What decorators need (`rest`, `isGlobal`, `authorizer`,
   * `authenticator`) stands beside it, and is an error of its own where it is wrong: the options are not known by then.
   */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    assertObject(options);
    checkAsyncRoot(options);
    return assemble(super.forRootAsync(options), options, true, madeOptionsProviders(options));
  }
}

function assemble(
  definition: DynamicModule,
  extras: PushModuleExtras,
  hasAuthentication: boolean,
  more: readonly Provider[],
): DynamicModule {
  const rest = extras.rest ?? {};
  const isRestOpen = rest !== false && (hasAuthentication || rest.guards !== undefined);
  const { controllers, providers } = createConsole(extras);
  return {
    ...definition,
    global: extras.isGlobal ?? true,
    // Guards of the host need no authentication of ours.
    imports: [...(extras.imports ?? []), PushFirstToEnd, ...(isRestOpen && !rest.guards ? [PushRestRoutes] : [])],
    controllers: [...(isRestOpen ? [createPushController(rest)] : []), ...controllers],
    providers: [
      ...(definition.providers ?? []),
      ...createProviders(extras),
      ...(isRestOpen ? createRestProviders(rest) : []),
      ...providers,
      ...more,
    ],
    exports: [PushService, PushHealth, PushHealthIndicator, PushMetrics, AccessService],
  };
}

function assertObject(options: unknown): void {
  const isObject = typeof options === 'object' && options !== null && !Array.isArray(options);
  if (isObject && !isLater(options)) return;
  const received = isObject ? 'a promise: await it, or use forRootAsync({ useFactory })' : describeReceived(options);
  throw new PushError('PUSH_ERR_INVALID_OPTION', `PushModule needs an options object, received ${received}`);
}

/** The class alone has nothing in it. Beside the one with options it does no harm: that is global. */
function assertConfigured(modules: ModulesContainer): void {
  if ([...modules.values()].some(({ providers }) => providers.has(PushService))) return;
  throw new PushError(
    'PUSH_ERR_INVALID_OPTION',
    'PushModule was imported without options: import PushModule.forRoot({ … }) or forRootAsync once, in the root module',
  );
}
