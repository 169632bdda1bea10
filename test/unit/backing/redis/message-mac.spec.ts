import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { MessageMac } from '../../../../src/backing/redis/message-mac.js';

const KEYS = {
  'a short key': Buffer.from('secret'),
  'a key of one block': Buffer.alloc(64, 7),
  'a key that is longer than a block': Buffer.alloc(65, 7),
  'an empty key': Buffer.alloc(0),
};
const TEXTS = [
  '',
  'a',
  'größer als ASCII – 🙂',
  'half of a pair: \ud83d',
  'x'.repeat(5_000),
  'ü'.repeat(6_000),
  '漢'.repeat(5_461),
];

describe.each(Object.entries(KEYS))('with %s', (_title, key) => {
  it('makes the codes that HMAC-SHA256 makes', () => {
    const mac = new MessageMac(key);
    // A long text before a short one: what is left of it must not count.
    for (const text of [...TEXTS, ...TEXTS.toReversed()]) {
      expect(mac.of('channel ü', text)).toBe(createHmac('sha256', key).update(`channel ü${text}`).digest('base64url'));
    }
  });
});

it('is not changed by what becomes of the key that it was made with', () => {
  const key = Buffer.from('secret');
  const mac = new MessageMac(key);
  const code = mac.of('a', 'text');
  const longCode = mac.of('a', 'x'.repeat(10_000));
  key.fill(0);
  expect(mac.of('a', 'text')).toBe(code);
  expect(mac.of('a', 'x'.repeat(10_000))).toBe(longCode);
});
