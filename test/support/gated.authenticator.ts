import { PushAuthenticator } from '../../src/auth/push-authenticator.js';
import type { Principal } from '../../src/core/principal.js';

const HOUR_MS = 3_600_000;

/** Takes a token for the name of its user, and says nothing before the test does. */
export class GatedAuthenticator extends PushAuthenticator {
  private readonly waiting: (() => void)[] = [];

  /** Checks under way. */
  get waitingCount(): number {
    return this.waiting.length;
  }

  override authenticate(token: string): Promise<Principal> {
    const nowMs = Date.now();
    const principal: Principal = {
      userId: token,
      groups: [],
      scopes: [],
      expiresAtMs: nowMs + HOUR_MS,
      issuedAtMs: nowMs,
      tokenId: undefined,
    };
    return new Promise((resolve) => this.waiting.push(() => resolve(principal)));
  }

  /** Ends all checks under way with a yes. */
  admitAll(): void {
    for (const admit of this.waiting.splice(0)) admit();
  }
}
