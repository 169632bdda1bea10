import type { Backing, BackingState } from '../backing/backing.interface.js';

/**
 * How the module fares, for the host's readiness probe. A node whose backing is away stays ready: its connections are
 * held and go on when the backing is back, and taking all nodes out of the balancer at once would help nobody.
 */
export class PushHealth {
  constructor(private readonly backing: Pick<Backing, 'state' | 'nodes'>) {}

  /** What this node is known by to the others; new at every start. */
  get nodeId(): string {
    return this.backing.nodes.nodeId;
  }

  /** Whether what the messages live in can be reached, and if not, why. */
  get backingState(): BackingState {
    return this.backing.state;
  }
}
