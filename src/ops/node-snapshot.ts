import { FRAME_DROP_REASONS } from '../backing/backing.interface.js';
import type { Backing } from '../backing/backing.interface.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import type { TransportName } from '../protocol/frames.js';
import type { EventLoopDelay, MeasuredDelay } from './event-loop-delay.js';

/** What is there at this moment. */
export interface NodeSnapshot {
  readonly connections: Readonly<Record<TransportName, number>>;
  readonly users: number;
  readonly groups: number;
  readonly tenants: number;
  readonly nodes: number;
  readonly isBackingUp: boolean;
  readonly isDraining: boolean;
  readonly queueBytes: number;
  readonly largestQueueBytes: number;
  readonly droppedFrames: Readonly<Record<string, number>>;
  readonly reconnects: number;
  readonly eventLoopDelay: MeasuredDelay;
}

type CountedRegistry = Pick<ConnectionRegistry, 'transportCounts' | 'userCount' | 'groupCount' | 'all'>;

/** What is looked at. */
export interface SnapshotParts {
  /** The tenants, and in each whose connections there are. */
  readonly spaces: {
    readonly size: number;
    all(): Iterable<{ readonly registry: CountedRegistry }>;
  };
  readonly backing: Pick<Backing, 'state' | 'nodes' | 'counters'>;
  readonly drain: { readonly isDraining: boolean };
  readonly delay: EventLoopDelay;
}

/** A reader sees a zero, not a hole: the rate of a counter that was not there before is none. */
const NO_DROPPED_FRAMES = Object.fromEntries(FRAME_DROP_REASONS.map((reason) => [reason, 0]));

/** Looks at everything once; takes time in proportion to the connections. */
export function takeSnapshot({ spaces, backing, drain, delay }: SnapshotParts): NodeSnapshot {
  const { droppedFrames, reconnects = 0 } = backing.counters ?? {};
  return {
    ...countConnections(spaces.all()),
    tenants: spaces.size,
    nodes: backing.nodes.nodeCount,
    isBackingUp: backing.state.status === 'up',
    isDraining: drain.isDraining,
    droppedFrames: { ...NO_DROPPED_FRAMES, ...droppedFrames },
    reconnects,
    eventLoopDelay: delay.take(),
  };
}

function countConnections(spaces: ReturnType<SnapshotParts['spaces']['all']>) {
  const connections = { ws: 0, sse: 0, poll: 0 };
  let users = 0;
  let groups = 0;
  let queueBytes = 0;
  let largestQueueBytes = 0;
  for (const { registry } of spaces) {
    const { ws, sse, poll } = registry.transportCounts;
    connections.ws += ws;
    connections.sse += sse;
    connections.poll += poll;
    users += registry.userCount;
    groups += registry.groupCount;
    for (const { outbound } of registry.all()) {
      const { waitingBytes } = outbound;
      queueBytes += waitingBytes;
      if (waitingBytes > largestQueueBytes) largestQueueBytes = waitingBytes;
    }
  }
  return { connections, users, groups, queueBytes, largestQueueBytes };
}
