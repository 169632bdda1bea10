import { describe, expect, it } from '@jest/globals';
import { decodeCursor, encodeCursor } from '../../../src/protocol/cursor.js';

describe('cursor', () => {
  it('reads back what it wrote, for one partition and for several', () => {
    const one = [{ epoch: 'aZ_-9', number: 0 }] as const;
    const two = [
      { epoch: 'a', number: 1 },
      { epoch: 'b', number: Number.MAX_SAFE_INTEGER },
    ] as const;

    expect(decodeCursor(encodeCursor(one))).toEqual(one);
    expect(decodeCursor(encodeCursor(two))).toEqual(two);
  });

  it('remembers up to where a gap was told', () => {
    const told = [
      { epoch: 'a', number: 7, toldThrough: 40 },
      { epoch: 'b', number: 2 },
    ] as const;

    expect(decodeCursor(encodeCursor(told))).toEqual(told);
  });

  it('writes text that needs no escaping in a URL, a header or JSON', () => {
    const text = encodeCursor([{ epoch: 'aZ_-9', number: 1_000_000, toldThrough: 1_000_001 }]);

    expect(encodeURIComponent(text)).toBe(text);
    expect(JSON.stringify(text)).toBe(`"${text}"`);
  });

  it.each([
    ['empty', ''],
    ['another version', '2.a.1'],
    ['no place', '1'],
    ['half a place', '1.a'],
    ['an empty epoch', '1..1'],
    ['a number that is none', '1.a.-1'],
    ['a number with a leading zero', '1.a.01'],
    ['a number past the safe integers', '1.a.zzzzzzzzzzz'],
    ['upper-case digits', '1.a.A'],
    ['a told mark without a number', '1.a.1~'],
    ['two told marks', '1.a.1~2~3'],
    ['a line feed', '1.a.1\n'],
    ['more than the longest cursor', `1.${'a'.repeat(1024)}.1`],
  ])('takes %s for no cursor', (_, text) => {
    expect(decodeCursor(text)).toBeUndefined();
  });
});
