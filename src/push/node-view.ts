import type { ConnectionRegistry } from '../core/connection-registry.js';
import type { Target } from '../core/delivery-target.js';
import { DistinctIds } from '../core/distinct-ids.js';
import type { FanOut } from '../core/fan-out.js';
import type { NodeSample, PreviewedConnection } from '../protocol/console-frames.js';
import type { ConnectionDirectory } from './connection-directory.js';
import type { NodeControl } from './node-control.interface.js';
import type { NodeLook, NodePreview, TraceWish } from './node-questions.js';
import { reasonOf } from './target-reason.js';
import type { TenantWatch } from './tenant-watch.js';

/** What a view is made of. */
export interface NodeViewParts {
  readonly nodeId: string;
  readonly tenant: string | undefined;
  readonly registry: ConnectionRegistry;
  readonly fanOut: FanOut;
  readonly directory: ConnectionDirectory;
  readonly watch: TenantWatch;
}

/** One tenant on this node, as an operator sees it. */
export class NodeView {
  /** The process; absent where nobody may ask for it. */
  control: NodeControl | undefined;

  constructor(private readonly parts: NodeViewParts) {}

  get nodeId(): string {
    return this.parts.nodeId;
  }

  /** What there is now, and what became of messages for these users. Takes time in proportion to the connections. */
  look(traces: readonly TraceWish[]): NodeLook {
    const { nodeId, registry, watch } = this.parts;
    watch.look(traces.map(({ userId }) => userId));
    return {
      sample: this.sample(),
      users: DistinctIds.of(registry.userIds()).toJSON(),
      groups: DistinctIds.of(registry.groupNames()).toJSON(),
      traces: traces.map(({ userId, after }) => watch.entriesOf(userId, after[nodeId] ?? 0)),
    };
  }

  /** Whom a message for the target would reach at this moment; the first of them with the reason. */
  preview(target: Target, limit: number): NodePreview {
    const { registry, fanOut, directory } = this.parts;
    const byTransport = { ws: 0, sse: 0, poll: 0 };
    const users = new Set<string>();
    const items: PreviewedConnection[] = [];
    let connections = 0;
    for (const connection of fanOut.recipients(target)) {
      connections++;
      byTransport[connection.transport.name]++;
      users.add(connection.userId);
      if (items.length >= limit) continue;
      const { by = { why: 'all' } } = reasonOf(target, connection, registry);
      items.push({ ...directory.describe(connection), ...by });
    }
    return { users: DistinctIds.of(users).toJSON(), connections, byTransport, items };
  }

  /** As {@link look}, of a tenant that this node has nobody of. To be asked of the view of any. */
  lookAtNobody(traceCount: number): NodeLook {
    const nobody = DistinctIds.of([]).toJSON();
    const sample: NodeSample = {
      ...this.state(),
      connections: { ws: 0, sse: 0, poll: 0 },
      users: 0,
      queueBytes: 0,
      largestQueueBytes: 0,
      counts: { sends: 0, matched: 0, written: 0, dropped: {} },
    };
    return { sample, users: nobody, groups: nobody, traces: Array.from({ length: traceCount }, () => []) };
  }

  /**
   * How to have this node drain, if it is the one of that id; undefined where it is not. A tenant has no say over what is
   * everybody's.
   */
  drainOf(nodeId: string): (() => void) | undefined {
    const { control } = this;
    if (!control || nodeId !== this.nodeId || this.parts.tenant !== undefined) return undefined;
    return () => control.drain();
  }

  private state(): Pick<NodeSample, 'node' | 'isDraining' | 'isBackingUp'> {
    const { isDraining = false, isBackingUp = true } = this.control ?? {};
    return { node: this.nodeId, isDraining, isBackingUp };
  }

  private sample(): NodeSample {
    const { tenant, registry, watch } = this.parts;
    let queueBytes = 0;
    let largestQueueBytes = 0;
    for (const { outbound } of registry.all()) {
      const { waitingBytes } = outbound;
      queueBytes += waitingBytes;
      if (waitingBytes > largestQueueBytes) largestQueueBytes = waitingBytes;
    }
    return {
      ...this.state(),
      connections: registry.transportCounts,
      users: registry.userCount,
      queueBytes,
      largestQueueBytes,
      counts: watch.take(),
      // The process is everybody's: what it uses tells a tenant of the others.
      vitals: tenant === undefined ? this.control?.vitals() : undefined,
    };
  }
}
