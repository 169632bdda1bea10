/** Wires what watches the module: metrics, lifecycle events, the lines about connections, health. */
import type { Provider } from '@nestjs/common';
import type { Backing } from './backing/backing.interface.js';
import type { Clock } from './core/clock.js';
import { Telemetry } from './core/telemetry.js';
import { FailureLog } from './failure-log.js';
import { ConnectionLog } from './ops/connection-log.js';
import { LifecycleDispatcher } from './ops/lifecycle-dispatcher.js';
import { PushHealthIndicator } from './ops/push-health.indicator.js';
import { PushMetrics } from './ops/push-metrics.js';
import type { ResolvedPushOptions } from './push-options.resolver.js';
import { PUSH_BACKING, PUSH_CLOCK, PUSH_OPTIONS } from './push.tokens.js';
import { DrainService } from './push/drain.service.js';
import { TenantSpaces } from './push/tenant-spaces.js';

/** What watches. */
export const opsProviders: Provider[] = [
  {
    provide: PushMetrics,
    inject: [PUSH_OPTIONS, PUSH_BACKING, TenantSpaces, DrainService, Telemetry],
    useFactory: (
      { metrics }: ResolvedPushOptions,
      backing: Backing,
      spaces: TenantSpaces,
      drain: DrainService,
      { counters }: Telemetry,
    ) => new PushMetrics({ spaces, backing, drain, counters, options: metrics }),
  },
  {
    provide: LifecycleDispatcher,
    inject: [PUSH_OPTIONS, Telemetry, FailureLog],
    useFactory: (options: ResolvedPushOptions, { counters }: Telemetry, { add: onFailure }: FailureLog) =>
      new LifecycleDispatcher({ counters, options, onFailure }),
  },
  { provide: ConnectionLog, inject: [PUSH_CLOCK], useFactory: (clock: Clock) => new ConnectionLog(clock) },
  PushHealthIndicator,
];
