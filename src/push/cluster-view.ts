/**
 * One tenant on all nodes, as an operator sees it. Each node is asked for what it sees itself; one that does not answer
 * in time is missing, and that is said. While the other nodes are out of reach this one is seen alone.
 */
import type { OtherNodes } from '../backing/node-link.interface.js';
import type { Target } from '../core/delivery-target.js';
import { DistinctIds } from '../core/distinct-ids.js';
import { PushError } from '../core/push-error.js';
import type { ConnectionSearch, FoundConnections, NodeSample, TargetPreview } from '../protocol/console-frames.js';
import type { NodeTraceEntry } from '../protocol/console-frames.js';
import type { ConnectionDirectory, ListedConnection } from './connection-directory.js';
import { comparePlaces, pageCursorOf, readPageCursor } from './connection-directory.js';
import { askNodes } from './node-questions.js';
import type { NodeLook, NodeOperation, NodeOperations, TraceWish } from './node-questions.js';
import type { NodeView } from './node-view.js';

/** How long other nodes may take. */
const ANSWER_MS = 1_000;

/** All nodes at one moment. */
export interface ClusterLook {
  /** The node that has looked. */
  readonly by: string;
  readonly users: number;
  readonly groups: number;
  readonly nodes: readonly NodeSample[];
  readonly isPartial: boolean;
  /** By user, in the order in which they were asked for; oldest first. */
  readonly traces: readonly (readonly NodeTraceEntry[])[];
}

/** Asks all nodes, this one included. */
export class ClusterView {
  constructor(
    private readonly nodes: OtherNodes,
    private readonly here: NodeView,
    private readonly directory: ConnectionDirectory,
  ) {}

  /** Looks at everything, and has the nodes watch for a while from now on. Never rejects. */
  async look(traces: readonly TraceWish[]): Promise<ClusterLook> {
    const own = this.here.look(traces);
    const { answers, isPartial } = await this.askOthers('look', { traces });
    const looks = [own, ...answers];
    const [users, groups] = [new DistinctIds(), new DistinctIds()];
    for (const look of looks) {
      users.merge(look.users);
      groups.merge(look.groups);
    }
    return {
      by: this.here.nodeId,
      users: users.size,
      groups: groups.size,
      nodes: looks.map(({ sample }) => sample).sort((one, other) => (one.node < other.node ? -1 : 1)),
      isPartial,
      traces: traces.map((_wish, index) => entriesOf(looks, index)),
    };
  }

  /** A page of the connections that a search finds, oldest first. Never rejects. */
  async search(search: ConnectionSearch, limit: number, cursor?: string): Promise<FoundConnections> {
    const after = readPageCursor(cursor);
    // One more than asked for shows whether there is another page.
    const asked = { search, after, limit: limit + 1 };
    const own = this.directory.search(search, after, asked.limit);
    const { answers } = await this.askOthers('search', asked);
    const listed: ListedConnection[] = [own, ...answers]
      .flat()
      .sort((one, other) => comparePlaces(one.place, other.place));
    const items = listed.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(({ info }) => info),
      cursor: listed.length > limit && last ? pageCursorOf(last.place) : null,
    };
  }

  /** Whom a message for the target would reach; the first of them by name. Never rejects. */
  async preview(target: Target, limit: number): Promise<TargetPreview> {
    const own = this.here.preview(target, limit);
    const { answers, isPartial } = await this.askOthers('preview', { target, limit });
    const previews = [own, ...answers];
    const users = new DistinctIds();
    const byTransport = { ws: 0, sse: 0, poll: 0 };
    let connections = 0;
    for (const preview of previews) {
      users.merge(preview.users);
      connections += preview.connections;
      byTransport.ws += preview.byTransport.ws;
      byTransport.sse += preview.byTransport.sse;
      byTransport.poll += preview.byTransport.poll;
    }
    const items = previews.flatMap((preview) => preview.items).slice(0, limit);
    return { users: users.size, connections, byTransport, items, ...(isPartial && { partial: true }) };
  }

  /** Has the node of this id drain, which is another one than this. False where none that answers has the id. */
  async drainOther(nodeId: string): Promise<boolean> {
    const { answers } = await this.askOthers('drain', { nodeId });
    return answers.some(({ isDraining }) => isDraining);
  }

  private async askOthers<Operation extends NodeOperation>(
    operation: Operation,
    asked: NodeOperations[Operation]['asks'],
  ): Promise<{ readonly answers: readonly NodeOperations[Operation]['gets'][]; readonly isPartial: boolean }> {
    if (this.nodes.nodeCount === 1) return { answers: [], isPartial: false };
    try {
      return await askNodes(this.nodes, operation, asked, { withinMs: ANSWER_MS });
    } catch (cause) {
      if (cause instanceof PushError && cause.code === 'PUSH_ERR_UNAVAILABLE') return { answers: [], isPartial: true };
      throw cause;
    }
  }
}

function entriesOf(looks: readonly NodeLook[], index: number): NodeTraceEntry[] {
  return looks
    .flatMap(({ sample, traces }) => (traces[index] ?? []).map((entry) => ({ ...entry, node: sample.node })))
    .sort((one, other) => one.at - other.at);
}
