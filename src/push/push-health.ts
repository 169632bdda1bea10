import type { Backing, BackingState } from '../backing/backing.interface.js';

/** Whether new connections are welcome on this node. `degraded` ones are: they are held until the backing is back. */
export type PushReadiness =
  | { readonly status: 'ready' }
  | { readonly status: 'degraded'; readonly reason: string }
  | { readonly status: 'draining' };

/**
 * How the module fares, for the host's readiness probe. A node whose backing is away stays ready: its connections are
 * held and go on when the backing is back, and taking all nodes out of the balancer at once would help nobody.
 */
export class PushHealth {
  constructor(
    private readonly backing: Pick<Backing, 'state' | 'nodes'>,
    private readonly drain: { readonly isDraining: boolean },
  ) {}

  /** What this node is known by to the others; new at every start. */
  get nodeId(): string {
    return this.backing.nodes.nodeId;
  }

  /** Whether what the messages live in can be reached, and if not, why. */
  get backingState(): BackingState {
    return this.backing.state;
  }

  /** What a readiness probe is to be told: 503 for `draining`, 200 for the others. */
  get readiness(): PushReadiness {
    if (this.drain.isDraining) return { status: 'draining' };
    const { backingState } = this;
    return backingState.status === 'up' ? { status: 'ready' } : backingState;
  }
}
