/**
 * What the admin console and a server say to each other, over a connection like any other. Both are of one version: the
 * page comes from the server. So this is no part of the protocol that others may count on, but for its one event name.
 */
import type { ConnectionInfo } from './connection-info.js';
import type { TransportName } from './frames.js';

/** The event of all that is said, in both directions. */
export const CONSOLE_EVENT = 'push:console';

/** What a step of a trace is about. */
export type TraceStep =
  | 'sent'
  | 'matched'
  | 'excluded'
  | 'waiting'
  | 'written'
  | 'dropped'
  | 'replayed'
  | 'gap'
  | 'connected'
  | 'disconnected';

/** How a target names somebody, or leaves them out. */
export type TargetMember = 'all' | 'user' | 'group' | 'connection';

/**
 * What became of a message for one user, or of one of its connections, as one node saw it. Which members are there depends
 * on the step; `why` is a word of a list: a {@link TargetMember}, a reason of a drop, of a wait, of a gap or of an end.
 */
export interface TraceEntry {
  /** Grows from entry to entry of a node. */
  readonly seq: number;
  /** Milliseconds since the Unix epoch, by the clock of the node. */
  readonly at: number;
  readonly step: TraceStep;
  readonly why?: string | undefined;
  /** Such as the group by which it was matched. */
  readonly name?: string | undefined;
  readonly messageId?: string | undefined;
  readonly event?: string | undefined;
  readonly bytes?: number | undefined;
  readonly connectionId?: string | undefined;
  readonly transport?: TransportName | undefined;
  /** On `sent`: whether those who are away are to get it later. */
  readonly isKept?: boolean | undefined;
}

/** A process as its operator knows it; for those alone who may look at all tenants. */
export interface NodeVitals {
  readonly host: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  readonly memoryBytes: number;
  /** The share of the time in which the event loop was busy, since the look before: 0 to 1. */
  readonly loopBusy: number;
}

/** One node at one moment. Counts are of one tenant and began when somebody began to look. */
export interface NodeSample {
  readonly node: string;
  readonly isDraining: boolean;
  /** Whether what the messages live in can be reached. */
  readonly isBackingUp: boolean;
  readonly connections: Readonly<Record<TransportName, number>>;
  readonly users: number;
  readonly queueBytes: number;
  readonly largestQueueBytes: number;
  readonly counts: {
    readonly sends: number;
    readonly matched: number;
    readonly written: number;
    readonly dropped: Readonly<Record<string, number>>;
  };
  readonly vitals?: NodeVitals | undefined;
}

/** Parts of the names that are looked for; a connection must have all. */
export interface ConnectionSearch {
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  readonly address?: string | undefined;
}

/** A page of what a search has found. */
export interface FoundConnections {
  readonly items: readonly ConnectionInfo[];
  readonly cursor: string | null;
}

/** A connection that a target would reach, and by what. */
export interface PreviewedConnection extends ConnectionInfo {
  readonly why: TargetMember;
  readonly name?: string | undefined;
}

/** Who would get a message. */
export interface TargetPreview {
  readonly users: number;
  readonly connections: number;
  readonly byTransport: Readonly<Record<TransportName, number>>;
  /** The first of them. */
  readonly items: readonly PreviewedConnection[];
  /** A node did not answer in time. */
  readonly partial?: boolean;
}

/** What a console looks at, from now on. */
export interface ConsoleView {
  /** Undefined: no connections. */
  readonly search?: ConnectionSearch | undefined;
  /** The user whose messages are followed. */
  readonly trace?: string | undefined;
}

/** By node, the last entry of the trace that a page has. */
export type ConsoleSeen = Readonly<Record<string, number>>;

/** What comes to a console about once a second, and what one without a connection gets where it asks for a look. */
export interface ConsoleReport {
  readonly at: number;
  /** The node that has asked all others: where the connection ends that the report is brought over. */
  readonly by: string;
  /** Different users and groups of all nodes. */
  readonly users: number;
  readonly groups: number;
  readonly nodes: readonly NodeSample[];
  /** A node did not answer in time: it is missing. */
  readonly partial: boolean;
  /** What the search has found, where that has changed. */
  readonly found?: FoundConnections | undefined;
  readonly trace?: { readonly userId: string; readonly entries: readonly NodeTraceEntry[] } | undefined;
}

/** An entry and where it was made. */
export interface NodeTraceEntry extends TraceEntry {
  readonly node: string;
}

/** What a console may do, and where its connection goes. */
export interface ConsoleSession {
  readonly user: string;
  readonly tenant: string | undefined;
  /** Opens the connection, where the page has no token of its own. */
  readonly pass?: string | undefined;
  readonly may: { readonly send: boolean; readonly broadcast: boolean; readonly drain: boolean };
  readonly paths: Readonly<Record<'ws' | 'sse' | 'poll' | 'upstream' | 'handshake', string>>;
}
