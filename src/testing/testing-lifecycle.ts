/**
 * Starts and ends what a host's tests can see of the module. It starts while providers are made and not in a hook: a
 * test of a service calls `compile()`, and seldom `init()`.
 */
import type { BeforeApplicationShutdown, OnApplicationShutdown, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { Backing } from '../backing/backing.interface.js';
import type { Cancel, Clock } from '../core/clock.js';
import type { FlushScheduler } from '../core/flush-scheduler.js';
import type { LifecycleListeners, PushLifecycleEventName } from '../core/lifecycle-events.js';
import { PushError } from '../core/push-error.js';
import type { GatewayBridge } from '../gateway/gateway-bridge.js';
import type { LifecycleDispatcher } from '../ops/lifecycle-dispatcher.js';
import { findLifecycleHandlers } from '../ops/lifecycle-handlers.js';
import type { PushMetrics } from '../ops/push-metrics.js';
import { PushLifecycle } from '../push.lifecycle.js';
import type { DrainService } from '../push/drain.service.js';
import type { LivenessService } from '../push/liveness.service.js';
import type { TenantSpaces } from '../push/tenant-spaces.js';

/** As often as connections are looked at. */
const FLUSH_INTERVAL_MS = 1_000;

/** What is started and ended. */
export interface TestingLifecycleParts {
  readonly modules: ModulesContainer;
  readonly clock: Clock;
  readonly scheduler: Pick<FlushScheduler, 'flushAll'>;
  readonly spaces: Pick<TenantSpaces, 'hostHandlers' | 'end'>;
  readonly bridge: GatewayBridge;
  readonly liveness: Pick<LivenessService, 'start' | 'stop'>;
  readonly drain: Pick<DrainService, 'begin'>;
  readonly metrics: Pick<PushMetrics, 'start' | 'stop'>;
  readonly listeners: LifecycleListeners;
  readonly dispatcher: Pick<LifecycleDispatcher, 'listen' | 'settled'>;
  readonly backing: Pick<Backing, 'close'>;
}

/** The life of a module of a test. */
export class TestingLifecycle
  implements OnModuleInit, OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown
{
  private stopFlushing: Cancel | undefined;
  private isListening = false;

  constructor(private readonly parts: TestingLifecycleParts) {
    assertAlone(parts.modules);
  }

  /** The sweep begins; it runs while the test moves the clock. Rejects where metrics cannot be had. */
  async start(): Promise<this> {
    const { clock, scheduler, spaces, bridge, liveness, metrics } = this.parts;
    spaces.hostHandlers = bridge;
    liveness.start();
    // Behind the sweep: no turn of the event loop passes within a move, and a test looks at once for what was said in it.
    this.stopFlushing = clock.every(FLUSH_INTERVAL_MS, () => scheduler.flushAll());
    await metrics.start();
    return this;
  }

  /** Has `@OnPush` methods called from now on. To be called before the first client and the first send. */
  listen(): void {
    if (this.isListening) return;
    this.parts.dispatcher.listen(this.parts.listeners, findLifecycleHandlers(this.parts.modules));
    this.isListening = true;
  }

  /** All providers are made by now, which they were not where one of them has sent while it was made. */
  onModuleInit(): void {
    const { listeners } = this.parts;
    for (const name of Object.keys(listeners)) delete listeners[name as PushLifecycleEventName];
    this.isListening = false;
    this.listen();
  }

  onModuleDestroy(): void {
    this.parts.drain.begin();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.parts.dispatcher.settled();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopFlushing?.();
    this.parts.liveness.stop();
    this.parts.metrics.stop();
    this.parts.spaces.end();
    await this.parts.backing.close();
  }
}

/** Of two modules that give the same services it would be chance which one a service is injected from. */
function assertAlone(modules: ModulesContainer): void {
  const those = [...modules.values()].filter(
    ({ providers }) => providers.has(PushLifecycle) || providers.has(TestingLifecycle),
  );
  if (those.length < 2) return;
  throw new PushError(
    'PUSH_ERR_INVALID_OPTION',
    'PushTestingModule stands in for PushModule, and another of the two is in this application. To replace one, pass ' +
      'what its forRoot returned to overrideModule: its class does not name it',
  );
}
