/** Tokens made by hand from RFC 7515 and RFC 7519, so that the tests do not trust the library that they test. */
import { createHmac } from 'node:crypto';

/** What the tests sign with: 32 bytes, as HS256 wants. */
export const TEST_SECRET = 'a-test-secret-of-32-bytes-length';

/** Claims of a token; a member that is `undefined` is left out. */
export type Claims = Readonly<Record<string, unknown>>;

/** What a test may want otherwise. */
export interface SignOptions {
  /** @default {@link TEST_SECRET} */
  readonly secret?: string;
  /** Members of the header beside or in place of `alg` and `typ`. */
  readonly header?: Claims;
  /** @default 3_600 */
  readonly expiresInSeconds?: number;
}

/**
 * Signs a token with HS256. `sub` is `'7'` and `exp` lies an hour ahead unless the claims say otherwise; `undefined`
 * leaves either out.
 */
export function signToken(
  claims: Claims = {},
  { secret = TEST_SECRET, header = {}, expiresInSeconds = 3_600 }: SignOptions = {},
): string {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const payload = { sub: '7', iat: nowSeconds, exp: nowSeconds + expiresInSeconds, ...claims };
  const signed = `${segment({ alg: 'HS256', typ: 'JWT', ...header })}.${segment(payload)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/** A token with `alg: none` and no signature (RFC 7519 section 6). */
export function unsignedToken(claims: Claims = {}): string {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return `${segment({ alg: 'none', typ: 'JWT' })}.${segment({ sub: '7', exp: nowSeconds + 3_600, ...claims })}.`;
}

/** The `Authorization` header that carries the token. */
export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` };
}

function segment(value: Claims): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
