import { describe, expect, it } from '@jest/globals';
import { SLOT_COUNT, evenHashTags, slotOf } from '../../../../src/backing/redis/hash-slot.js';

describe('the slot of a key', () => {
  // By CLUSTER KEYSLOT of Redis 7.0.
  it.each([
    ['123456789', 12_739],
    ['', 0],
    ['push:{0}:log', 13_907],
    ['{0}', 13_907],
    ['0', 13_907],
    ['{}0', 8_367],
    ['a{b', 13_340],
    ['a{b}{c}', 3_300],
    ['a{{b}}', 6_215],
    ['größe', 9_425],
  ])('of %p is that which Redis gives it', (key, slot) => {
    expect(slotOf(key)).toBe(slot);
  });
});

describe('hash tags that lie evenly', () => {
  it.each([1, 2, 3, 8, 64, 100])('are one in each of %d equal parts of the slots', (count) => {
    const parts = evenHashTags('p', count).map((tag) => Math.floor((slotOf(`push:{${tag}}:log`) * count) / SLOT_COUNT));
    expect(parts).toEqual(Array.from({ length: count }, (_, part) => part));
  });

  it('are the same each time, and begin with the name', () => {
    const tags = evenHashTags('shop-', 8);
    expect(evenHashTags('shop-', 8)).toEqual(tags);
    expect(tags.every((tag) => tag.startsWith('shop-'))).toBe(true);
  });
});
