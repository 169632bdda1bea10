import type { KeyObject } from 'node:crypto';

/** Signature algorithms (RFC 7518 section 3.1) that a token may be checked with. `none` is none of them. */
export const JWT_ALGORITHMS = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
] as const;

/** One of {@link JWT_ALGORITHMS}. */
export type JwtAlgorithm = (typeof JWT_ALGORITHMS)[number];

/** Fewest bits of an RSA key (RFC 7518 section 3.3). */
export const MIN_RSA_BITS = 2048;

/** RFC 7518 section 3.4, by the names that OpenSSL has for the curves. */
const CURVES: Readonly<Record<string, string>> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' };

/** Whether the name is that of an algorithm that may be configured. */
export function isJwtAlgorithm(value: unknown): value is JwtAlgorithm {
  return (JWT_ALGORITHMS as readonly unknown[]).includes(value);
}

/** Whether the algorithm works with a shared secret. The others work with a pair of keys. */
export function usesSecret(algorithm: JwtAlgorithm): boolean {
  return algorithm.startsWith('HS');
}

/** Whether tokens of the algorithm can be verified with the public key. */
export function fitsPublicKey(
  algorithm: JwtAlgorithm,
  { asymmetricKeyType, asymmetricKeyDetails }: KeyObject,
): boolean {
  switch (asymmetricKeyType) {
    case 'rsa':
      return algorithm.startsWith('RS') || algorithm.startsWith('PS');
    case 'rsa-pss':
      return algorithm.startsWith('PS');
    case 'ec':
      return CURVES[algorithm] === asymmetricKeyDetails?.namedCurve;
    default:
      return false;
  }
}

/** Whether the key is of RSA and too short to be safe. */
export function isWeakRsaKey({ asymmetricKeyDetails }: KeyObject): boolean {
  const bits = asymmetricKeyDetails?.modulusLength;
  return bits !== undefined && bits < MIN_RSA_BITS;
}
