import type { NowOrLater } from '../core/now-or-later.js';
import type { Principal } from '../core/principal.js';

/**
 * Says who a token belongs to. The injection token of the handshake, of `push:auth` and of the REST guard: a host that
 * provides its own class under this one takes over from the built-in JWT verification.
 *
 * The token comes as the client sent it, at most as long as the HTTP header or frame that carried it allows; limit its
 * length before parsing it. The call is bounded by `authTimeoutMs`.
 */
export abstract class PushAuthenticator {
  /**
   * The bearer, or undefined where the token is refused for whatever reason (401; the peer is not told which). Throws or
   * rejects only where the server could not judge (503, the client may try again). What can be said at once need not be
   * a promise.
   */
  abstract authenticate(token: string): NowOrLater<Principal | undefined>;
}
