import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Hmac } from '../../../src/core/hmac.js';

const HASHES = ['sha256', 'sha384', 'sha512'] as const;
/** Around the blocks of the hashes, past which a key is hashed first. */
const KEY_BYTES = [0, 1, 32, 63, 64, 65, 127, 128, 129, 300];
const TEXTS = [
  '',
  'a',
  'größer als ASCII – 🙂',
  'half of a pair: \ud83d',
  'x'.repeat(5_000),
  'ü'.repeat(6_000),
  '漢'.repeat(5_461),
];

describe.each(HASHES)('Hmac by %s', (hash) => {
  it.each(KEY_BYTES)('makes the codes that Node makes, with a key of %d bytes', (bytes) => {
    const key = Buffer.alloc(bytes, 'key');
    const hmac = new Hmac(key, hash);
    // A long text before a short one: what is left of it must not count.
    for (const text of [...TEXTS, ...TEXTS.toReversed()]) {
      const expected = createHmac(hash, key).update(text).digest('base64url');
      expect(hmac.of(text)).toBe(expected);
      expect(hmac.of(text.slice(0, 1), text.slice(1))).toBe(expected);
      for (const start of [0, 3]) {
        const bytes = Buffer.from('~'.repeat(start) + text.slice(1));
        expect(hmac.ofBytes(text.slice(0, 1), bytes, start)).toBe(expected);
      }
    }
  });
});

it('is not changed by what becomes of the key that it was made with', () => {
  const key = Buffer.from('secret');
  const hmac = new Hmac(key);
  const codes = () => [hmac.of('a', 'text'), hmac.of('a', 'x'.repeat(10_000))];
  const before = codes();
  key.fill(0);
  expect(codes()).toEqual(before);
});
