import { describe, expect, it } from '@jest/globals';
import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { macOf } from '../../../src/auth/jwt-mac.js';

const HASHES = ['sha256', 'sha384', 'sha512'] as const;
/** Around the blocks of the hashes, where a secret is hashed first. */
const SECRET_BYTES = [1, 32, 63, 64, 65, 127, 128, 129, 300];
const TEXTS = ['', 'a', 'header.payload', 'x'.repeat(55), 'x'.repeat(64), 'x'.repeat(9_000), 'short again'];

describe('macOf', () => {
  it.each(HASHES)('is the HMAC by %s, whatever the lengths of secret and text', (hash) => {
    for (const bytes of SECRET_BYTES) {
      const secret = createSecretKey(randomBytes(bytes));
      for (const text of TEXTS) {
        expect(macOf(secret, hash, text)).toBe(createHmac(hash, secret).update(text).digest('base64url'));
      }
    }
  });

  it('tells secrets and hashes apart that are used in turns', () => {
    const secrets = [createSecretKey(randomBytes(48)), createSecretKey(randomBytes(48))];
    for (let round = 0; round < 2; round++) {
      for (const secret of secrets) {
        for (const hash of HASHES) {
          expect(macOf(secret, hash, 'a.b')).toBe(createHmac(hash, secret).update('a.b').digest('base64url'));
        }
      }
    }
  });
});
