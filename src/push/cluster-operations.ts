import type { NodeLink, NodeMessage } from '../backing/node-link.interface.js';
import type { ClusterReceipts } from './cluster-receipts.js';
import type { ConnectionDirectory } from './connection-directory.js';
import type { GroupService } from './group.service.js';
import type { NodeOperation, NodeOperations } from './node-questions.js';
import type { StreamFrames } from './stream-frames.js';

/** What a node answers with. */
export interface ClusterOperationsParts {
  readonly directory: ConnectionDirectory;
  readonly receipts: ClusterReceipts;
  readonly groups: GroupService;
  readonly streams: StreamFrames;
}

type Handlers = {
  readonly [Operation in NodeOperation]: (
    asked: NodeOperations[Operation]['asks'],
    ageMs: number,
  ) => NodeOperations[Operation]['gets'] | Promise<NodeOperations[Operation]['gets']>;
};

/** Has this node carry out what other nodes ask of it. What they send has been authenticated by the link. */
export function answerNodes(nodes: NodeLink, { directory, receipts, groups, streams }: ClusterOperationsParts): void {
  const handlers: Handlers = {
    presence: ({ userIds }) => userIds.map((userId) => directory.countOf(userId)),
    connections: ({ filter, after, limit }) => directory.list(filter, after, limit),
    counts: () => {
      const { connections, users, groups: named } = directory.counts();
      return { connections, users: users.toJSON(), groups: named.toJSON() };
    },
    disconnect: ({ filter, code, reason }, ageMs) => ({ matched: directory.close(filter, code, reason, ageMs) }),
    report: ({ messageId, target, withinMs }) => receipts.report(messageId, target, withinMs),
    held: (membership) => {
      groups.heldElsewhere({ ...membership, expiresAtMs: membership.expiresAtMs });
      return null;
    },
    released: ({ userId, group }) => {
      groups.releasedElsewhere(userId, group);
      return null;
    },
    frame: async ({ userId, connectionId, parsed }) => {
      const stream = streams.find(userId, connectionId);
      return stream ? streams.carryOut(stream, parsed) : null;
    },
  };
  const known: ReadonlyMap<string, (asked: never, ageMs: number) => unknown> = new Map(Object.entries(handlers));
  nodes.handle(({ operation, payload }: NodeMessage, ageMs) => known.get(operation)?.(payload as never, ageMs));
}
