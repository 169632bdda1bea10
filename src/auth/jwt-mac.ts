/**
 * HMAC (RFC 2104) of two hashes, each made in one call. `createHmac` makes an object for every code, half of it outside the
 * heap, and such an object costs a handshake more than all else that is done about its token (docs/decisions/0013).
 */
import { hash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Bytes that a hash takes in at a time (FIPS 180-4). */
const BLOCK_BYTES = { sha256: 64, sha384: 128, sha512: 128 } as const;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/** The hashes of the algorithms with a secret. */
export type MacHash = keyof typeof BLOCK_BYTES;

/** A secret made ready for one hash. */
class MacKey {
  private readonly blockBytes: number;
  /** The padded secret, and room for the text. */
  private inner: Buffer;
  /** The padded secret, and room for the inner hash. */
  private readonly outer: Buffer;

  constructor(
    secret: KeyObject,
    private readonly hashName: MacHash,
  ) {
    const bytes = secret.export();
    this.blockBytes = BLOCK_BYTES[hashName];
    const key = bytes.length > this.blockBytes ? hash(hashName, bytes, 'buffer') : bytes;
    this.inner = padded(key, INNER_PAD, this.blockBytes);
    const outer = padded(key, OUTER_PAD, this.blockBytes);
    this.outer = Buffer.concat([outer, hash(hashName, outer, 'buffer')]);
  }

  codeOf(text: string): string {
    const length = this.blockBytes + text.length;
    if (this.inner.length < length) this.inner = Buffer.concat([this.inner], length);
    this.inner.write(text, this.blockBytes, 'latin1');
    const innerHash = hash(this.hashName, this.inner.subarray(0, length), 'binary');
    this.outer.write(innerHash, this.blockBytes, 'latin1');
    return hash(this.hashName, this.outer, 'base64url');
  }
}

const macKeys = new WeakMap<KeyObject, Map<MacHash, MacKey>>();

/** The code of a text of ASCII alone by this secret, in base64url. */
export function macOf(secret: KeyObject, hashName: MacHash, text: string): string {
  return (macKeys.get(secret)?.get(hashName) ?? prepare(secret, hashName)).codeOf(text);
}

function prepare(secret: KeyObject, hashName: MacHash): MacKey {
  const known = macKeys.get(secret) ?? new Map<MacHash, MacKey>();
  const created = new MacKey(secret, hashName);
  macKeys.set(secret, known.set(hashName, created));
  return created;
}

function padded(key: Buffer, pad: number, blockBytes: number): Buffer {
  const block = Buffer.alloc(blockBytes, pad);
  for (const [index, byte] of key.entries()) block[index] = byte ^ pad;
  return block;
}
