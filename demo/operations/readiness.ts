import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { PushHealth } from 'nestjs-push';

/** What a probe is told. */
export type ReadinessState = { readonly status: 'ready' } | { readonly status: 'degraded'; readonly reason: string };

/**
 * Whether new work should come here. It turns at the first step of the end, while the port still answers; a Redis that is
 * away does not turn it, because every node would be without it.
 */
@Injectable()
export class Readiness implements OnModuleDestroy {
  private draining = false;

  constructor(@Inject(PushHealth) private readonly health: PushHealth) {}

  get isDraining(): boolean {
    return this.draining;
  }

  get state(): ReadinessState {
    const { backingState } = this.health;
    return backingState.status === 'up' ? { status: 'ready' } : backingState;
  }

  onModuleDestroy(): void {
    this.draining = true;
  }
}
