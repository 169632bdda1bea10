import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { IdTable, bitsOf } from '../../../../src/backing/redis/id-table.js';

const idsAtRandom = (count: number) => Array.from({ length: count }, () => randomBytes(9).toString('base64url'));

describe('IdTable', () => {
  it('takes each id once and knows it ever after, however many there are', () => {
    const table = new IdTable();
    const ids = ['', ...idsAtRandom(50_000)];
    const others = idsAtRandom(50_000);
    expect(ids.filter((id) => !table.add(bitsOf(id)))).toEqual([]);
    expect(table.size).toBe(50_001);
    expect(ids.filter((id) => table.add(bitsOf(id)) || !table.has(bitsOf(id)))).toEqual([]);
    expect(others.filter((id) => table.has(bitsOf(id)))).toEqual([]);
    expect(table.size).toBe(50_001);
  });

  it('tells ids apart that want the same place', () => {
    const table = new IdTable();
    const same = [1, 2, 3].map((first) => ({ first, second: -1 }));
    const next = { first: 1, second: 0 };
    for (const id of same) expect(table.add(id)).toBe(true);
    expect(table.has(next)).toBe(false);
    expect(table.add(next)).toBe(true);
    expect([...same, next].map((id) => table.add(id))).toEqual([false, false, false, false]);
  });
});

describe('bitsOf', () => {
  it('gives ids of one letter more, less or another bits of their own', () => {
    const ids = ['', 'a', 'b', 'aa', 'ab', 'ba', 'abc', 'abcdefghijkl', 'abcdefghijkm', 'bbcdefghijkl'];
    const bits = ids.map((id) => JSON.stringify(bitsOf(id)));
    expect(new Set(bits).size).toBe(ids.length);
    expect(ids.map((id) => bitsOf(id).first)).not.toContain(0);
  });
});
