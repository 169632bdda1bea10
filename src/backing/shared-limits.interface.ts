/**
 * The port of limits that hold over all nodes: how many connections a user or an address has, and how often something
 * may happen. What is counted is a subject, any text: whoever asks makes sure that two of them never mean the same.
 *
 * A node that stands alone answers at once, never with a promise. Where the other nodes cannot be reached, a node keeps
 * to its share: the limit divided by the number of nodes that it knew last, at least 1. So nobody is locked out, and
 * all nodes together stay near the limit. No method rejects, and none takes longer than {@link LIMIT_DEADLINE_MS}.
 */

/**
 * The longest time that an answer about a limit may take, not counting what this node is late itself; then the node answers
 * by its share.
 */
export const LIMIT_DEADLINE_MS = 1_000;

/** Connections by subject, over all nodes. Each node says how many it has itself; one that is dead has none. */
export interface ConnectionCounts {
  /** Whether other nodes have connections too. Where none do, {@link settle} need not be called. */
  readonly isShared: boolean;
  /**
   * Whether one more fits. If it does, this node has `here` from now on.
   * @param here how many this node has, with the one that wants in
   */
  enter(subject: string, here: number, limit: number): boolean | Promise<boolean>;
  /** Whether one more would fit. Changes nothing. */
  hasRoom(subject: string, here: number, limit: number): boolean | Promise<boolean>;
  /** This node has so many now; to be called after each change but that of {@link enter}, and after a refusal by it. */
  settle(subject: string, here: number): void;
}

/** What became of a wish for tokens. */
export interface TokenVerdict {
  readonly isGranted: boolean;
  /** Whole tokens that are left. */
  readonly remaining: number;
  /** Milliseconds until the same wish may be granted; 0 where it was. */
  readonly retryAfterMs: number;
}

/**
 * Buckets of tokens by subject, shared by all nodes: so many tokens a second, and as many at once after a quiet second.
 * A subject is asked for at one rate on all nodes.
 */
export interface RateBuckets {
  /**
   * Takes exactly so many tokens. A cost that no full bucket could pay is granted by a full one, which then owes the
   * rest: what is large passes, and the rate holds over time.
   */
  spend(subject: string, tokensPerSecond: number, cost: number): TokenVerdict | Promise<TokenVerdict>;
  /**
   * Takes one token, cheaply: nodes that share the bucket take theirs in chunks of a tenth of the rate, and let a
   * subject have one chunk, and a hundredth of the rate after it, without asking. So each node may be too generous by
   * so much.
   */
  take(subject: string, tokensPerSecond: number): TokenVerdict | Promise<TokenVerdict>;
}

/** Everything that limits over all nodes are made of. */
export interface SharedLimits {
  readonly counts: ConnectionCounts;
  readonly rates: RateBuckets;
}
