/** What a node asks of the others or tells them: an operation by name and what it is about, as JSON. */
export interface NodeMessage {
  readonly operation: string;
  readonly payload: unknown;
}

/** What the other nodes answered. */
export interface NodeAnswers {
  /** One of each node that answered, in no order. */
  readonly answers: readonly unknown[];
  /** A node that is alive did not answer in time. */
  readonly isPartial: boolean;
}

/** Carries out what another node asks. What it resolves to is the answer, as JSON. */
export type NodeHandler = (message: NodeMessage) => unknown;

/**
 * The way to the other nodes that share the backing. A node that stands alone has none: its questions are answered by
 * nobody, at once and in whole.
 */
export interface NodeLink {
  /** Tells this node from all others, and from itself in an earlier life. */
  readonly nodeId: string;
  /** Nodes that are alive, this one counted. */
  readonly nodeCount: number;
  /** Names who carries out what others ask. Called once, before the first question. */
  handle(handler: NodeHandler): void;
  /**
   * Asks all other nodes and resolves when all that are alive have answered, or after `withinMs` with what is there.
   * Rejects with a PushError `PUSH_ERR_UNAVAILABLE` where the others cannot be reached.
   */
  ask(message: NodeMessage, withinMs: number): Promise<NodeAnswers>;
  /** Tells all other nodes. Resolves when it is on its way; rejects like {@link ask}. */
  tell(message: NodeMessage): Promise<void>;
}
