import { KeyObject, createPublicKey, createSecretKey } from 'node:crypto';
import type { JwtAlgorithm } from './jwt-algorithms.js';
import { MIN_RSA_BITS, fitsPublicKey, isWeakRsaKey } from './jwt-algorithms.js';
import type { KeyHint, KeySource } from './key-source.interface.js';
import { findSigner } from './signature-test.js';
import type { SignatureTest } from './signature-test.js';

/** One key for all tokens, made a KeyObject once: verification with a secret as text costs thirty times as much. */
export class StaticKeySource implements KeySource {
  private readonly keys: readonly [KeyObject];

  private constructor(key: KeyObject) {
    this.keys = [key];
  }

  /** A shared secret; text is taken as UTF-8. */
  static fromSecret(secret: string | Buffer): StaticKeySource {
    return new StaticKeySource(typeof secret === 'string' ? createSecretKey(secret, 'utf8') : createSecretKey(secret));
  }

  /** A public key as PEM or KeyObject. Throws on what {@link publicKeyProblem} finds unreadable. */
  static fromPublicKey(publicKey: string | KeyObject): StaticKeySource {
    return new StaticKeySource(publicKey instanceof KeyObject ? publicKey : createPublicKey(publicKey));
  }

  signerOf(_hint: KeyHint, test: SignatureTest): KeyObject | undefined {
    return findSigner(this.keys, test);
  }
}

/** What was expected in place of this public key, undefined where it will do for the algorithms. */
export function publicKeyProblem(value: unknown, algorithms: readonly JwtAlgorithm[]): string | undefined {
  const key = readPublicKey(value);
  if (!key) return 'a public key: PEM text or a KeyObject';
  if (isWeakRsaKey(key)) return `an RSA key of at least ${MIN_RSA_BITS} bits`;
  const misfits = algorithms.filter((algorithm) => !algorithm.startsWith('HS') && !fitsPublicKey(algorithm, key));
  return misfits.length === 0 ? undefined : `a key that can verify ${misfits.join(', ')}`;
}

/** Does not take a private key, though a public one could be made of it: it has no business in a verifier. */
function readPublicKey(value: unknown): KeyObject | undefined {
  if (value instanceof KeyObject) return value.type === 'public' ? value : undefined;
  if (typeof value !== 'string' || value.includes('PRIVATE KEY')) return undefined;
  try {
    return createPublicKey(value);
  } catch {
    return undefined;
  }
}
