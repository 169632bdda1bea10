import { Inject, Injectable } from '@nestjs/common';
import { PushHealth } from '../push/push-health.js';

/** What a health check of `@nestjs/terminus` takes. */
export type PushHealthResult<Key extends string = string> = {
  readonly [Name in Key]: {
    readonly status: 'up' | 'down';
    readonly state: 'ready' | 'degraded' | 'draining';
    readonly reason?: string;
  };
};

/**
 * The module as an indicator for `@nestjs/terminus`, which it does not need:
 *
 * `health.check([() => push.isReady()])`
 */
@Injectable()
export class PushHealthIndicator {
  constructor(@Inject(PushHealth) private readonly health: PushHealth) {}

  /**
   * Whether new connections are welcome. `down` once the application has begun to end. A backing that is away leaves the
   * node `up` and `degraded`: its connections are held, and taking all nodes out of the balancer would help nobody.
   */
  isReady<Key extends string = 'push'>(key: Key = 'push' as Key): PushHealthResult<Key> {
    const { status: state, ...reason } = this.health.readiness;
    const status = state === 'draining' ? 'down' : 'up';
    return { [key]: { status, state, ...reason } } as PushHealthResult<Key>;
  }
}
