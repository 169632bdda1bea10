import { describe, expect, it } from '@jest/globals';
import { describeReceived, quoteReceived } from '../../../src/core/option-problem.js';

describe('describeReceived', () => {
  it.each([
    [undefined, 'nothing'],
    [null, 'null'],
    [5, '5'],
    [Number.NaN, 'NaN'],
    [true, 'true'],
    ['', 'an empty text'],
    ['secret', 'a text of 6 characters'],
    [['secret'], 'a list of 1'],
    [Buffer.from('secret'), '6 bytes'],
    [{ secret: 'secret' }, 'an object'],
    [() => 'secret', 'a function'],
    [Symbol('secret'), 'a symbol'],
    [5n, 'a bigint'],
  ])('says what %p is without repeating text', (value, expected) => {
    expect(describeReceived(value)).toBe(expected);
  });
});

describe('quoteReceived', () => {
  it('repeats text on one line, and not all of a long one', () => {
    expect(quoteReceived('a\n"b')).toBe(String.raw`"a\n\"b"`);
    expect(quoteReceived('x'.repeat(1000))).toHaveLength(103);
  });

  it('describes everything else', () => {
    expect(quoteReceived(['a'])).toBe('a list of 1');
  });
});
