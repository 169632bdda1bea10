/**
 * HMAC-SHA256 (RFC 2104) of short texts, made of two plain hashes. Node's own Hmac is an object for each text, which costs
 * as much as both hashes and is most of what a collection has to do where thousands are made a second.
 */
import { createHmac, hash } from 'node:crypto';

/** Of SHA-256: what the key is filled up to. */
const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

/** Texts that may be longer than this are left to Node: there the hash is what costs. */
const MAX_TEXT_BYTES = 16_384;

const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/** Makes the codes of one key. */
export class MessageMac {
  private readonly key: Buffer;
  /** The key as either hash begins with it, and room for what follows. */
  private readonly inner: Buffer;
  private readonly outer: Buffer;

  constructor(key: Buffer) {
    this.key = Buffer.from(key);
    const block = Buffer.alloc(BLOCK_BYTES);
    block.set(key.length > BLOCK_BYTES ? hash('sha256', key, 'buffer') : key);
    this.inner = padded(block, INNER_PAD, MAX_TEXT_BYTES);
    this.outer = padded(block, OUTER_PAD, DIGEST_BYTES);
  }

  /** The code of a text that is given in two parts, base64url. */
  of(first: string, second: string): string {
    // A UTF-16 code unit takes at most three bytes.
    if ((first.length + second.length) * 3 > MAX_TEXT_BYTES) {
      return createHmac('sha256', this.key).update(first).update(second).digest('base64url');
    }
    // To join them would be to copy them once more.
    const secondAt = BLOCK_BYTES + this.inner.write(first, BLOCK_BYTES);
    const end = secondAt + this.inner.write(second, secondAt);
    // As text a digest costs less than as a buffer of its own.
    this.outer.write(hash('sha256', this.inner.subarray(0, end), 'binary'), BLOCK_BYTES, 'binary');
    return hash('sha256', this.outer, 'base64url');
  }
}

function padded(block: Buffer, pad: number, roomBytes: number): Buffer {
  return Buffer.concat([block.map((byte) => byte ^ pad), Buffer.alloc(roomBytes)]);
}
