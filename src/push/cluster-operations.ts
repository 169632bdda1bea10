import type { Arrival, NodeLink } from '../backing/node-link.interface.js';
import { DistinctIds } from '../core/distinct-ids.js';
import { decodeCursor } from '../protocol/cursor.js';
import { wordOf } from './membership-word.js';
import type { NodeOperation, NodeOperations } from './node-questions.js';
import { OF_TENANT } from './tenant-nodes.js';
import type { TenantMessage } from './tenant-nodes.js';
import type { TenantSpace } from './tenant-space.js';

/** What a node answers from. */
export type AnsweringSpace = Pick<
  TenantSpace,
  'registry' | 'log' | 'directory' | 'receipts' | 'groups' | 'streams' | 'view' | 'access'
>;

/** The spaces of a node. */
export interface AnsweringSpaces {
  readonly home: AnsweringSpace;
  find(tenant: string): AnsweringSpace | undefined;
  all(): Iterable<AnsweringSpace>;
}

type Answer<Operation extends NodeOperation> =
  NodeOperations[Operation]['gets'] | Promise<NodeOperations[Operation]['gets']>;

type Handlers = {
  readonly [Operation in NodeOperation]: (
    space: AnsweringSpace,
    asked: NodeOperations[Operation]['asks'],
    arrival: Arrival,
  ) => Answer<Operation>;
};

const NOBODY = DistinctIds.of([]).toJSON();

const handlers: Handlers = {
  presence: ({ directory }, { userIds }) => userIds.map((userId) => directory.countOf(userId)),
  connections: ({ directory }, { filter, after, limit }) => directory.list(filter, after, limit),
  counts: ({ directory }) => {
    const { connections, users, groups } = directory.counts();
    return { connections, users: users.toJSON(), groups: groups.toJSON() };
  },
  disconnect: ({ directory }, { filter, ...order }, { ageMs }) => ({ matched: directory.close(filter, order, ageMs) }),
  report: ({ receipts }, { messageId, target, withinMs }) => receipts.report(messageId, target, withinMs),
  held: async ({ groups, log }, { userId, group, expiresAtMs, since, revision }, arrival) => {
    const membership = { userId, group, expiresAtMs, since: decodeCursor(since) };
    await groups.heldElsewhere(membership, wordOf(log, arrival, revision));
    return null;
  },
  released: ({ groups, log }, { userId, group, revision }, arrival) => {
    groups.releasedElsewhere(userId, group, wordOf(log, arrival, revision));
    return null;
  },
  frame: async ({ streams }, { userId, connectionId, parsed }) => {
    const stream = streams.find(userId, connectionId);
    return stream ? streams.carryOut(stream, parsed) : null;
  },
  look: ({ view }, { traces }) => view.look(traces),
  search: ({ directory }, { search, after, limit }) => directory.search(search, after, limit),
  preview: ({ view }, { target, limit }) => view.preview(target, limit),
  drain: ({ view }, { nodeId }) => {
    const drain = view.drainOf(nodeId);
    drain?.();
    return { isDraining: drain !== undefined };
  },
  revoked: async ({ access }) => {
    await access.catchUp();
    return null;
  },
  pass: ({ access }, { pass }) => access.passes?.find(pass) ?? null,
};

/** What a node answers that has no space of the tenant: it has nobody, which is an answer and no silence. */
const absent: {
  readonly [Operation in NodeOperation]: (asked: NodeOperations[Operation]['asks'], home: AnsweringSpace) => unknown;
} = {
  presence: ({ userIds }) => userIds.map(() => 0),
  connections: () => [],
  counts: () => ({ connections: { ws: 0, sse: 0, poll: 0 }, users: NOBODY, groups: NOBODY }),
  disconnect: () => ({ matched: 0 }),
  report: () => ({ connections: 0, users: NOBODY, written: 0 }),
  held: () => null,
  released: () => null,
  frame: () => null,
  look: ({ traces }, { view }) => view.lookAtNobody(traces.length),
  search: () => [],
  preview: () => ({ connections: 0, users: NOBODY, byTransport: { ws: 0, sse: 0, poll: 0 }, items: [] }),
  drain: () => ({ isDraining: false }),
  revoked: () => null,
  pass: () => null,
};

/** Has this node carry out what other nodes ask of it. What they send has been authenticated by the link. */
export function answerNodes(nodes: NodeLink, spaces: AnsweringSpaces): void {
  const { home } = spaces;
  nodes.handle(
    ({ operation, payload }, arrival) => {
      if (operation !== OF_TENANT) return answer(home, home, operation, payload, arrival);
      const { tenant, ...message } = payload as TenantMessage;
      return answer(spaces.find(tenant), home, message.operation, message.payload, arrival);
    },
    () => {
      for (const { groups } of spaces.all()) groups.doubt();
    },
  );
}

/** Undefined where the operation is none that this version knows. */
function answer(
  space: AnsweringSpace | undefined,
  home: AnsweringSpace,
  operation: string,
  asked: unknown,
  arrival: Arrival,
): unknown {
  if (!isOperation(operation)) return undefined;
  const isMissed = operation === 'report' && space?.registry.size === 0;
  if (!space || isMissed) return absent[operation](asked as never, home);
  return handlers[operation](space, asked as never, arrival);
}

function isOperation(operation: string): operation is NodeOperation {
  return Object.hasOwn(handlers, operation);
}
