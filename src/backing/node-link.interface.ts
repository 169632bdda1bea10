/** What a node asks of the others or tells them: an operation by name and what it is about, as JSON. */
export interface NodeMessage {
  readonly operation: string;
  readonly payload: unknown;
}

/** What the other nodes answered. */
export interface NodeAnswers {
  /** One of each node that answered, in no order. */
  readonly answers: readonly unknown[];
  /** A node that was alive when it was asked gave no answer in time, or could give none. */
  readonly isPartial: boolean;
}

/** How long a question waits, and for what. */
export interface Question {
  /** Milliseconds until what is there is taken for the answer. */
  readonly withinMs: number;
  /** Whether this one answer makes all others needless. */
  readonly isEnough?: (answer: unknown) => boolean;
  /**
   * Nodes that are cut off carry it out when they are back, if that is within so many milliseconds. Their answers come
   * too late to count.
   */
  readonly keepMs?: number;
  /**
   * Whether it waits for nodes that are alive and do not listen at this moment: they may be about to, and carry out what
   * was kept. Otherwise nothing is expected of them.
   * @default false
   */
  readonly waitsForCutOff?: boolean;
}

/** How a message has come. */
export interface Arrival {
  /** Milliseconds since it was said, by the clock that the nodes share. */
  readonly ageMs: number;
  /** It has waited until this node, which had been cut off, was about to hear again. */
  readonly hasWaited: boolean;
  /** It may have come before, too old to be listened to: what was said after it may have been heard meanwhile. */
  readonly wasDropped: boolean;
  /** Whether this node counted as alive when it was said: who asked waits for its answer, as long as it waits at all. */
  readonly wasAlive: boolean;
}

/**
 * Carries out what another node asks, in the order in which it was said. What it resolves to is the answer, as JSON;
 * undefined where there is no such operation.
 */
export type NodeHandler = (message: NodeMessage, arrival: Arrival) => unknown;

/** The other nodes, to be asked and told. */
export interface OtherNodes {
  /** Nodes that are alive, this one counted; 0 while the others are out of reach, when nobody can say. */
  readonly nodeCount: number;
  /**
   * Asks all other nodes and resolves when all that are alive have answered, or one has answered enough, or the time is
   * over. Rejects with a PushError `PUSH_ERR_UNAVAILABLE` where the others cannot be reached.
   */
  ask(message: NodeMessage, question: Question): Promise<NodeAnswers>;
  /**
   * Resolves when this node, which could not hear, has carried out what was kept for it, or cannot again; undefined where
   * it hears.
   * @default undefined
   */
  whenCaughtUp?(): Promise<void> | undefined;
  /** Tells all other nodes, those that are cut off within `keepMs`. Resolves when it is said; rejects like {@link ask}. */
  tell(message: NodeMessage, keepMs?: number): Promise<void>;
}

/**
 * The way to the other nodes that share the backing. A node that stands alone has none: its questions are answered by
 * nobody, at once and in whole.
 */
export interface NodeLink extends OtherNodes {
  /** Tells this node from all others, and from itself in an earlier life. */
  readonly nodeId: string;
  /**
   * Names who carries out what others ask, and who hears that another node has said something that this one does not
   * understand: it is of another version. Called once, before the first question.
   */
  handle(handler: NodeHandler, onUnknown?: () => void): void;
}
