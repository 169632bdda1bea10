import { describe, expect, it } from '@jest/globals';
import { isEvent, isGroup, isReservedEvent, isTenant, isUserId } from '../../../src/protocol/names.js';

describe('names', () => {
  it('takes any 1 to 255 characters without control characters for a user id', () => {
    for (const id of ['7', 'a/b', 'Zoë 日本', ' ', '😀', '\ufffd', 'x'.repeat(255)]) expect(isUserId(id)).toBe(true);
    for (const id of ['', 'x'.repeat(256), 'a\nb', 'a\u0000', 'a\u007f', 'a\u0085', 7, null]) {
      expect(isUserId(id)).toBe(false);
    }
  });

  it('takes no half of a character for a user id: over the wire it would be another one', () => {
    for (const id of ['\ud800', 'a\udc00b', '\udc00\ud800']) expect(isUserId(id)).toBe(false);
  });

  it('takes any 1 to 128 characters without control characters for a tenant', () => {
    const fine = ['acme', 'a:b', '{x}', '../', '__proto__', 'constructor', 'a%3Ab', ' ', '漢'.repeat(128), '😀', 'é'];
    for (const tenant of fine) expect(isTenant(tenant)).toBe(true);
    for (const tenant of ['', 'x'.repeat(129), 'a\u0000', 'a\nb', 'a\u0085', '\ud800', 'a\udc00b', 7, null, ['a']]) {
      expect(isTenant(tenant)).toBe(false);
    }
  });

  it('takes 1 to 128 of the listed characters for a group', () => {
    for (const group of ['room:1', 'a.b_c-d@e', 'g'.repeat(128)]) expect(isGroup(group)).toBe(true);
    for (const group of ['', 'g'.repeat(129), 'a b', 'a/b', '{t}', 'ä', 'a\n', undefined]) {
      expect(isGroup(group)).toBe(false);
    }
  });

  it('takes 1 to 128 of the listed characters for an event, and knows the reserved ones', () => {
    for (const event of ['order.status', 'a:b', 'push:x', 'e'.repeat(128)]) expect(isEvent(event)).toBe(true);
    for (const event of ['', 'e'.repeat(129), 'a@b', 'a\n', 1]) expect(isEvent(event)).toBe(false);
    expect(isReservedEvent('push:ok')).toBe(true);
    expect(isReservedEvent('pushed')).toBe(false);
  });
});
