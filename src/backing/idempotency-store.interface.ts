/** One use of an idempotency key. */
export interface IdempotentRequest {
  /** Whose key it is: keys of different scopes never meet. */
  readonly scope: string;
  readonly key: string;
  /** Tells one request from another; the same request has the same fingerprint on every node. */
  readonly fingerprint: string;
}

/** What a store says of a key that is about to be used. */
export type IdempotencyVerdict =
  /** Nobody has used the key: carry the request out, then hand the claim to `complete` or `abandon`. */
  | { readonly type: 'new'; readonly claim: string }
  /**
   * The same request was begun, and nobody knows what became of it: carry it out again under the same claim, by which
   * what was done is known and not done twice.
   */
  | { readonly type: 'resume'; readonly claim: string }
  /** The same request was carried out; this is what it was answered. */
  | { readonly type: 'replay'; readonly answer: string }
  /** The key was used for another request. */
  | { readonly type: 'mismatch' }
  /** The same request is being carried out. */
  | { readonly type: 'inProgress'; readonly retryAfterMs: number }
  /** No room for another key. */
  | { readonly type: 'full'; readonly retryAfterMs: number };

/** What a store of idempotency keys is bounded by. */
export interface IdempotencyLimits {
  /**
   * How long an answer is kept from the moment it is there.
   * @default 86_400
   */
  readonly ttlSeconds?: number;
  /**
   * Most keys that are kept at a time; past it sends with a new key are refused (503).
   * @default 100_000
   */
  readonly maxKeys?: number;
  /**
   * Most bytes of keys and answers that are kept at a time, about; past it sends with a new key are refused (503).
   * @default 67_108_864
   */
  readonly maxBytes?: number;
}

/**
 * How long a request may be in progress. A claim that is neither completed nor abandoned by then, because its node is
 * gone, ends, and the key may be used again; where what was done outlives the node, it can be resumed by then.
 */
export const IDEMPOTENCY_CLAIM_MS = 60_000;

/**
 * Remembers which keys were used and what was answered, so that a request that is repeated is carried out once. Of any
 * number of calls of `begin` with the same scope and key, at most one is answered `new` until its claim ends or is resumed.
 * Rejects with a PushError `PUSH_ERR_UNAVAILABLE` when it cannot be reached.
 */
export interface IdempotencyStore {
  /** Claims the key, or says why not. */
  begin(request: IdempotentRequest): Promise<IdempotencyVerdict>;
  /** Keeps the answer for those who repeat the request. A claim that has ended changes nothing. */
  complete(request: IdempotentRequest, claim: string, answer: string): Promise<void>;
  /** The request was not carried out: the key may be used again. A claim that has ended changes nothing. */
  abandon(request: IdempotentRequest, claim: string): Promise<void>;
}
