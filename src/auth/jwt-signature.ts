/** The signature of a token (RFC 7515), judged by `node:crypto` in one synchronous step. */
import { constants, timingSafeEqual, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Hmac } from '../core/hmac.js';
import type { HmacHash } from '../core/hmac.js';
import type { JwtAlgorithm } from './jwt-algorithms.js';
import { fitsPublicKey, usesSecret } from './jwt-algorithms.js';

/** RFC 7518 sections 3.3 to 3.5, by the first letters of the algorithms. */
const SCHEMES: Readonly<Record<string, object>> = {
  RS: { padding: constants.RSA_PKCS1_PADDING },
  PS: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  ES: { dsaEncoding: 'ieee-p1363' },
};

/** Secrets made ready for the hashes that they are used with. */
const hmacs = new WeakMap<KeyObject, Map<HmacHash, Hmac>>();

/**
 * Whether the signature, in base64url, is that of the input by this key and algorithm. A key is used for the algorithms
 * of its own kind only: a public key is no secret, whatever a token says (RFC 8725 section 2.1).
 */
export function isSignedBy(key: KeyObject, algorithm: JwtAlgorithm, input: string, signature: string): boolean {
  if (usesSecret(algorithm)) return key.type === 'secret' && isMac(key, hashOf(algorithm), input, signature);
  if (key.type !== 'public' || !fitsPublicKey(algorithm, key)) return false;
  try {
    const scheme = SCHEMES[algorithm.slice(0, 2)];
    return verify(hashOf(algorithm), Buffer.from(input), { key, ...scheme }, Buffer.from(signature, 'base64url'));
  } catch {
    // The parameters of an RSA-PSS key may rule the hash out.
    return false;
  }
}

/** Compared as texts, so that there is one spelling of each signature. */
function isMac(key: KeyObject, hash: HmacHash, input: string, signature: string): boolean {
  const expected = (hmacs.get(key)?.get(hash) ?? prepare(key, hash)).of(input);
  return expected.length === signature.length && timingSafeEqual(Buffer.from(expected), Buffer.from(signature));
}

function prepare(secret: KeyObject, hash: HmacHash): Hmac {
  const hmac = new Hmac(secret.export(), hash);
  hmacs.set(secret, (hmacs.get(secret) ?? new Map<HmacHash, Hmac>()).set(hash, hmac));
  return hmac;
}

function hashOf(algorithm: JwtAlgorithm): HmacHash {
  return algorithm.endsWith('256') ? 'sha256' : algorithm.endsWith('384') ? 'sha384' : 'sha512';
}
