import type { KeyObject } from 'node:crypto';
import type { JwtAlgorithm } from './jwt-algorithms.js';

/** How the keys of an issuer are fetched and kept. */
export interface JwksOptions {
  /**
   * Shortest time in milliseconds between two fetches that tokens cause which have an unknown key id, or none and the
   * signature of no known key. A key that the issuer has just begun to use is known after this time at the latest.
   * @default 30_000
   */
  readonly cooldownMs?: number | undefined;
  /**
   * Age in milliseconds past which the keys are fetched anew. A key that the issuer withdraws ends after this time.
   * @default 600_000
   */
  readonly cacheMaxAgeMs?: number | undefined;
  /** Longest wait for the issuer in milliseconds; keep it below `authTimeoutMs`. @default 3_000 */
  readonly timeoutMs?: number | undefined;
}

/** How JSON Web Tokens (RFC 7519) are checked. Exactly one of `secret`, `publicKey` and `jwksUri` is needed. */
export interface JwtOptions {
  /**
   * Shared secret for HS256, HS384 and HS512. Wise is at least as many random bytes as the hash has (RFC 7518 section
   * 3.2): a shorter one can be guessed from any one token.
   * @default none
   */
  readonly secret?: string | Buffer | undefined;
  /**
   * Public key for RS, PS and ES algorithms: PEM text, or a `KeyObject`. RSA keys have at least 2048 bits.
   * @default none
   */
  readonly publicKey?: string | KeyObject | undefined;
  /**
   * Where the issuer publishes its keys (RFC 7517), `https:` or, in a network that is trusted, `http:`. Fetched at the
   * first token, followed as the issuer rotates them, and the last good ones kept while it cannot be reached. A token
   * that names no key is held against those of the set that fit its algorithm, up to 8.
   * @default none
   */
  readonly jwksUri?: string | undefined;
  /**
   * What a token may be signed with; the token has no say. At least one. HS does not mix with the others.
   * @default none: it must be given
   */
  readonly algorithms: readonly JwtAlgorithm[];
  /** The token's `aud` must hold one of these. @default not checked */
  readonly audience?: string | readonly string[] | undefined;
  /** The token's `iss` must be one of these. @default not checked */
  readonly issuer?: string | readonly string[] | undefined;
  /** How far the issuer's clock may be off, in seconds, for `exp`, `nbf` and `iat`. 0 to 3,600. @default 5 */
  readonly clockToleranceSeconds?: number | undefined;
  /** Longest token in bytes; a longer one is refused unread. 256 to 65,536. @default 8_192 */
  readonly maxTokenBytes?: number | undefined;
  /**
   * How many verified tokens are remembered by their digest, so that one that is used again costs less; about 300 bytes
   * each. For RS, PS and ES: a token of a secret is verified as fast as it is looked up. 0 to 1,000,000. @default 20_000
   */
  readonly maxRememberedTokens?: number | undefined;
  /** For `jwksUri` only. @default {} */
  readonly jwks?: JwksOptions | undefined;
}

/** How the bearer of a connection is known. */
export interface PushAuthOptions {
  /** Tokens are JWTs, checked like this. @default none: a PushAuthenticator of the host is needed */
  readonly jwt?: JwtOptions | undefined;
  /**
   * Name of a cookie that may carry the token. It counts only with an `Origin` that is allowed, or on a GET with
   * `Sec-Fetch-Site: same-origin`, so that no other site can use it.
   * @default none: cookies are not read
   */
  readonly cookie?: string | undefined;
  /**
   * Whether `?access_token=` may carry the token. Addresses end up in the logs of proxies: prefer the others.
   * @default false
   */
  readonly accessTokenQuery?: boolean | undefined;
  /**
   * Name of the claim that says whose user the bearer is. A token without it, or with a value that is no name of a tenant
   * (1 to 128 characters without control characters), is refused. For tokens of `jwt`.
   * @default none: all users are of one tenant
   */
  readonly tenantClaim?: string | undefined;
}
