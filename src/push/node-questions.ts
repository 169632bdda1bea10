/** What nodes ask each other about their connections: each operation with what it is about and what it is answered with. */
import type { NodeAnswers, OtherNodes, Question } from '../backing/node-link.interface.js';
import type { MessageLog } from '../backing/message-log.interface.js';
import type { HeldMembership } from '../backing/memberships.interface.js';
import type { Target } from '../core/delivery-target.js';
import type { Principal } from '../core/principal.js';
import type { ConnectionSearch, NodeSample, TargetPreview, TraceEntry } from '../protocol/console-frames.js';
import type { DistinctIdsJson } from '../core/distinct-ids.js';
import type { FrameFailure, ParsedFrame } from '../protocol/frame-parser.js';
import type { CloseOrder, ListedConnection, ListPlace } from './connection-directory.js';
import type { ConnectionFilter, PushStats } from './push-types.js';

/** How many of what a node has. */
export interface NodeCounts {
  readonly connections: PushStats['connections'];
  readonly users: DistinctIdsJson;
  readonly groups: DistinctIdsJson;
}

/** What became of a message on a node. */
export interface NodeReport {
  readonly connections: number;
  readonly users: DistinctIdsJson;
  readonly written: number;
  /** The time was over before all its connections had taken or lost the message. */
  readonly isUnsettled?: true;
}

/** What a console is told of a node. */
export interface NodeLook {
  readonly sample: NodeSample;
  readonly users: DistinctIdsJson;
  readonly groups: DistinctIdsJson;
  /** By user, in the order in which they were asked for. */
  readonly traces: readonly (readonly TraceEntry[])[];
}

/** A user to be followed, and what is known of it by node: the number of the last entry. */
export interface TraceWish {
  readonly userId: string;
  readonly after: Readonly<Record<string, number>>;
}

/** Whom a node would reach. */
export interface NodePreview extends Omit<TargetPreview, 'users' | 'partial'> {
  readonly users: DistinctIdsJson;
}

/** The operations by name. Another meaning of one is another name: nodes of two versions may meet. */
export interface NodeOperations {
  /** Connections of each of these users, in their order. */
  readonly presence: { readonly asks: { readonly userIds: readonly string[] }; readonly gets: readonly number[] };
  readonly connections: {
    readonly asks: {
      readonly filter: ConnectionFilter;
      readonly after?: ListPlace | undefined;
      readonly limit: number;
    };
    readonly gets: readonly ListedConnection[];
  };
  readonly counts: { readonly asks: null; readonly gets: NodeCounts };
  /** Closes those that were there when it was said. */
  readonly disconnect: {
    readonly asks: CloseOrder & { readonly filter: ConnectionFilter };
    readonly gets: { readonly matched: number };
  };
  /** Counts a message that is about to come, or has just come; null where none did. */
  readonly report: {
    readonly asks: { readonly messageId: string; readonly target: Target; readonly withinMs: number };
    readonly gets: NodeReport | null;
  };
  /** `since`: the place in the log from which on messages for the group are for the user. */
  readonly held: {
    readonly asks: Omit<HeldMembership, 'since'> & { readonly since: string; readonly revision: number };
    readonly gets: null;
  };
  readonly released: {
    readonly asks: { readonly userId: string; readonly group: string; readonly revision: number };
    readonly gets: null;
  };
  /** Carries a frame out for a stream and gives the reply; null where the stream is elsewhere. */
  readonly frame: {
    readonly asks: {
      readonly userId: string;
      readonly connectionId: string;
      readonly parsed: ParsedFrame | FrameFailure;
    };
    readonly gets: string | null;
  };
  /** Somebody looks at the tenant, for a while from now on. */
  readonly look: { readonly asks: { readonly traces: readonly TraceWish[] }; readonly gets: NodeLook };
  readonly search: {
    readonly asks: {
      readonly search: ConnectionSearch;
      readonly after?: ListPlace | undefined;
      readonly limit: number;
    };
    readonly gets: readonly ListedConnection[];
  };
  readonly preview: {
    readonly asks: { readonly target: Target; readonly limit: number };
    readonly gets: NodePreview;
  };
  /** Of the default tenant alone: has the node of this id drain. */
  readonly drain: { readonly asks: { readonly nodeId: string }; readonly gets: { readonly isDraining: boolean } };
  /** Of the default tenant alone: tokens of any tenant were revoked. Answered when they are refused and their connections closed. */
  readonly revoked: { readonly asks: null; readonly gets: null };
  /** Of the default tenant alone: whose pass this is, where the node that gave it is the one that is asked. */
  readonly pass: { readonly asks: { readonly pass: string }; readonly gets: Principal | null };
}

/** One of the operations. */
export type NodeOperation = keyof NodeOperations;

/** Answers of the kind that the operation has. */
export interface AnswersTo<Operation extends NodeOperation> extends NodeAnswers {
  readonly answers: readonly NodeOperations[Operation]['gets'][];
}

/** A question whose answers are of the kind that the operation has. */
export interface QuestionOf<Operation extends NodeOperation> extends Omit<Question, 'isEnough'> {
  readonly isEnough?: (answer: NodeOperations[Operation]['gets']) => boolean;
}

/** How long a node that is cut off may stay away and still carry out what it missed. */
export const KEPT_FOR_MS = 3_600_000;

/** Asks all other nodes. The link knows whom it is from, and a node of another version knows not the operation. */
export async function askNodes<Operation extends NodeOperation>(
  nodes: OtherNodes,
  operation: Operation,
  payload: NodeOperations[Operation]['asks'],
  question: QuestionOf<Operation>,
): Promise<AnswersTo<Operation>> {
  return (await nodes.ask({ operation, payload }, question as unknown as Question)) as AnswersTo<Operation>;
}

/** How long the other nodes may take to carry out a change of memberships before it counts as done here. */
export const CHANGE_MS = 500;

/**
 * Tells all other nodes of a change of memberships. One that is made is done when all nodes that are alive have carried it
 * out, or {@link CHANGE_MS} later: what is sent then finds the user, and its receipt says so. Where messages and the words of
 * nodes come in no one order, a message that is sent once the change is done could be there before the word of it. So there
 * one that is ended is waited for likewise, and those nodes too whose line is just coming back, for messages may reach them
 * over another.
 */
export async function announce<Operation extends 'held' | 'released'>(
  { nodes, log }: { readonly nodes: OtherNodes; readonly log: Pick<MessageLog, 'isInOneOrder'> },
  operation: Operation,
  payload: NodeOperations[Operation]['asks'],
): Promise<void> {
  const waitsForCutOff = !log.isInOneOrder;
  if (operation === 'released' && log.isInOneOrder) await nodes.tell({ operation, payload }, KEPT_FOR_MS);
  else await askNodes(nodes, operation, payload, { withinMs: CHANGE_MS, keepMs: KEPT_FOR_MS, waitsForCutOff });
}
