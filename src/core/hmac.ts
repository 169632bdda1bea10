/**
 * HMAC (RFC 2104) of short texts, made of two plain hashes. Node's own Hmac is an object for each text, half of it outside
 * the heap: it costs as much as both hashes, and is most of what a collection has to do where thousands are made a second.
 */
import { createHmac, hash } from 'node:crypto';

/** In bytes: what the key is filled up to, and what a hash gives (FIPS 180-4). */
const HASHES = {
  sha256: { block: 64, digest: 32 },
  sha384: { block: 128, digest: 48 },
  sha512: { block: 128, digest: 64 },
} as const;

/** The hashes that there is an HMAC of. */
export type HmacHash = keyof typeof HASHES;

/** Texts that may be longer than this are left to Node: there the hash is what costs. */
const MAX_TEXT_BYTES = 16_384;

const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/** Makes the codes of one key by one hash. */
export class Hmac {
  private readonly key: Buffer;
  private readonly blockBytes: number;
  /** The key as either hash begins with it, and room for what follows. */
  private readonly inner: Buffer;
  private readonly outer: Buffer;
  /** The text that `inner` has behind the key, and where it ends. */
  private first = '';
  private firstEnd: number;

  constructor(
    key: Buffer,
    private readonly hashName: HmacHash = 'sha256',
  ) {
    const { block: blockBytes, digest } = HASHES[hashName];
    this.key = Buffer.from(key);
    this.blockBytes = blockBytes;
    const block = Buffer.alloc(blockBytes);
    block.set(key.length > blockBytes ? hash(hashName, key, 'buffer') : key);
    this.inner = padded(block, INNER_PAD, MAX_TEXT_BYTES);
    this.outer = padded(block, OUTER_PAD, digest);
    this.firstEnd = blockBytes;
  }

  /** The code of a text, which may be given in two parts, base64url. */
  of(first: string, second = ''): string {
    // A UTF-16 code unit takes at most three bytes.
    if ((first.length + second.length) * 3 > MAX_TEXT_BYTES) return this.ofLong(first, second);
    const secondAt = this.begin(first);
    // To join them would be to copy them once more.
    return this.end(second === '' ? secondAt : secondAt + this.inner.write(second, secondAt));
  }

  /** The code of a text and of the bytes that follow it, those from `start` on, base64url. */
  ofBytes(first: string, bytes: Buffer, start: number): string {
    if (first.length * 3 + bytes.length - start > MAX_TEXT_BYTES) return this.ofLong(first, bytes.subarray(start));
    const secondAt = this.begin(first);
    return this.end(secondAt + bytes.copy(this.inner, secondAt, start));
  }

  private ofLong(first: string, second: string | Buffer): string {
    return createHmac(this.hashName, this.key).update(first).update(second).digest('base64url');
  }

  /** Puts in the first part, which often is that of the last time. Answers where it ends. */
  private begin(first: string): number {
    if (first !== this.first) {
      this.first = first;
      this.firstEnd = this.blockBytes + this.inner.write(first, this.blockBytes);
    }
    return this.firstEnd;
  }

  private end(end: number): string {
    const { hashName, blockBytes, inner, outer } = this;
    // As text a digest costs less than as a buffer of its own.
    outer.write(hash(hashName, inner.subarray(0, end), 'binary'), blockBytes, 'binary');
    return hash(hashName, outer, 'base64url');
  }
}

function padded(block: Buffer, pad: number, roomBytes: number): Buffer {
  return Buffer.concat([block.map((byte) => byte ^ pad), Buffer.alloc(roomBytes)]);
}
