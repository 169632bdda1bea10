import { createHash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Principal } from '../core/principal.js';

/** What is remembered of a token that was verified. */
export interface VerifiedToken {
  readonly principal: Principal;
  /** The key that it was verified with. */
  readonly key: KeyObject;
}

/**
 * Tokens that were verified lately, so that the signature of a client that comes back, or of a service that sends on and
 * on with one token, is not verified each time. Holds digests, never tokens. What can change is judged each time by the
 * caller: the time, the key, revocations.
 *
 * Bounded; when it is full the one that was verified first goes.
 */
export class VerifiedTokens {
  private readonly byDigest = new Map<string, VerifiedToken>();

  /** @param maxTokens 0 remembers nothing. */
  constructor(private readonly maxTokens: number) {}

  /** The digest under which the token is remembered; undefined where nothing is. */
  digestOf(token: string): string | undefined {
    return this.maxTokens === 0 ? undefined : createHash('sha256').update(token).digest('base64url');
  }

  get(digest: string): VerifiedToken | undefined {
    return this.byDigest.get(digest);
  }

  add(digest: string, token: VerifiedToken): void {
    this.byDigest.set(digest, token);
    if (this.byDigest.size <= this.maxTokens) return;
    for (const oldest of this.byDigest.keys()) {
      this.byDigest.delete(oldest);
      return;
    }
  }
}
