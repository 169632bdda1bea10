/** Wires what watches the module: metrics. */
import type { Provider } from '@nestjs/common';
import type { Backing } from './backing/backing.interface.js';
import { Telemetry } from './core/telemetry.js';
import { PushMetrics } from './ops/push-metrics.js';
import type { ResolvedPushOptions } from './push-options.resolver.js';
import { PUSH_BACKING, PUSH_OPTIONS } from './push.tokens.js';
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
];
