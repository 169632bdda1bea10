import { Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { clockToleranceMsOf } from '../auth/auth-options.js';
import type { Backing } from '../backing/backing.interface.js';
import type { Memberships, UserMemberships } from '../backing/memberships.interface.js';
import { MemoryMemberships } from '../backing/memory/memory-memberships.js';
import type { Clock } from '../core/clock.js';
import { FlushScheduler } from '../core/flush-scheduler.js';
import { OpenPipes } from '../core/open-pipes.js';
import { Telemetry } from '../core/telemetry.js';
import { GatewayBridge } from '../gateway/gateway-bridge.js';
import { LifecycleDispatcher } from '../ops/lifecycle-dispatcher.js';
import { PushHealthIndicator } from '../ops/push-health.indicator.js';
import { PushMetrics } from '../ops/push-metrics.js';
import type { PushModuleOptions } from '../push-options.interface.js';
import type { ResolvedPushOptions } from '../push-options.resolver.js';
import { RAW_PUSH_OPTIONS } from '../push.module-definition.js';
import { opsProviders } from '../push.ops.js';
import { createParts, pushServiceProvider } from '../push.providers.js';
import { PUSH_BACKING, PUSH_CLOCK, PUSH_OPTIONS } from '../push.tokens.js';
import { AccessService } from '../push/access.service.js';
import { DrainService } from '../push/drain.service.js';
import { LivenessService } from '../push/liveness.service.js';
import { PushHealth } from '../push/push-health.js';
import { PushService } from '../push/push.service.js';
import { TenantSpaces } from '../push/tenant-spaces.js';
import { ManualClock } from './manual-clock.js';
import { PushRecorder } from './push-recorder.js';
import { RecordingPushService } from './recording-push.service.js';
import { TestingLifecycle } from './testing-lifecycle.js';

/**
 * Stands in for PushModule in a host's own tests: the same PushService, checks and routing, but no HTTP, no tokens and
 * a clock that stands still: moved on, it ends what is over and asks silent clients for a sign of life.
 * {@link PushRecorder} records every send and connects clients. What PushModule exports can be injected, and `@OnPush`
 * methods are called.
 */
@Module({})
export class PushTestingModule {
  /** Takes the options of PushModule that concern sends and connections. */
  static forRoot(options: PushModuleOptions = {}): DynamicModule {
    return {
      module: PushTestingModule,
      global: true,
      providers: [...createParts({}), ...opsProviders, lifecycleProvider, ...replacements(options)],
      exports: [PushService, PushHealth, PushHealthIndicator, PushMetrics, AccessService, PushRecorder, ManualClock],
    };
  }
}

/** Of two providers with the same token Nest takes the later one. */
function replacements(options: PushModuleOptions): Provider[] {
  const recorder = new PushRecorder();
  return [
    { provide: RAW_PUSH_OPTIONS, useValue: options },
    { provide: ManualClock, useFactory: () => new ManualClock() },
    { provide: PUSH_CLOCK, useExisting: ManualClock },
    {
      provide: PushRecorder,
      inject: [PUSH_OPTIONS, TenantSpaces, OpenPipes, ManualClock, TestingLifecycle],
      useFactory: (
        options: ResolvedPushOptions,
        spaces: TenantSpaces,
        pipes: OpenPipes,
        clock: ManualClock,
        lifecycle: TestingLifecycle,
      ) =>
        recorder.attach({
          clock,
          spaceOf: (tenant) => spaces.of(tenant),
          pipes,
          limits: { maxConnections: options.maxConnections, maxPerUser: options.maxPerUser },
          clockToleranceMs: clockToleranceMsOf(options.auth?.jwt),
          heldNow,
          listen: () => lifecycle.listen(),
        }),
    },
    pushServiceProvider((parts) => new RecordingPushService(parts, recorder)),
  ];
}

const lifecycleProvider: Provider = {
  provide: TestingLifecycle,
  inject: [
    ModulesContainer,
    PUSH_CLOCK,
    FlushScheduler,
    TenantSpaces,
    GatewayBridge,
    LivenessService,
    DrainService,
    PushMetrics,
    Telemetry,
    LifecycleDispatcher,
    PUSH_BACKING,
  ],
  useFactory: (
    modules: ModulesContainer,
    clock: Clock,
    scheduler: FlushScheduler,
    spaces: TenantSpaces,
    bridge: GatewayBridge,
    liveness: LivenessService,
    drain: DrainService,
    metrics: PushMetrics,
    { listeners }: Telemetry,
    dispatcher: LifecycleDispatcher,
    backing: Backing,
  ) => {
    const parts = {
      modules,
      clock,
      scheduler,
      spaces,
      bridge,
      liveness,
      drain,
      metrics,
      listeners,
      dispatcher,
      backing,
    };
    return new TestingLifecycle(parts).start();
  },
};

/** A client of a test connects without waiting, which only the memberships of this process allow. */
function heldNow(memberships: Memberships, userId: string): UserMemberships {
  return memberships instanceof MemoryMemberships ? memberships.ofUser(userId) : { held: [], revision: 0 };
}
