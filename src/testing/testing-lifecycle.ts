/**
 * Starts and ends what a host's tests can see of the module. It starts while providers are made and not in a hook: a
 * test of a service calls `compile()`, and seldom `init()`.
 */
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Backing } from '../backing/backing.interface.js';
import type { Cancel, Clock } from '../core/clock.js';
import type { FlushScheduler } from '../core/flush-scheduler.js';
import type { LivenessService } from '../push/liveness.service.js';

/** As often as connections are looked at. */
const FLUSH_INTERVAL_MS = 1_000;

/** What is started and ended. */
export interface TestingLifecycleParts {
  readonly clock: Clock;
  readonly scheduler: Pick<FlushScheduler, 'flushAll'>;
  readonly liveness: Pick<LivenessService, 'start' | 'stop'>;
  readonly backing: Pick<Backing, 'close'>;
}

/** The life of a module of a test. */
export class TestingLifecycle implements OnApplicationShutdown {
  private stopFlushing: Cancel | undefined;

  constructor(private readonly parts: TestingLifecycleParts) {}

  /** The sweep begins; it runs while the test moves the clock. */
  start(): this {
    const { clock, scheduler, liveness } = this.parts;
    liveness.start();
    // Behind the sweep: no turn of the event loop passes within a move, and a test looks at once for what was said in it.
    this.stopFlushing = clock.every(FLUSH_INTERVAL_MS, () => scheduler.flushAll());
    return this;
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopFlushing?.();
    this.parts.liveness.stop();
    await this.parts.backing.close();
  }
}
