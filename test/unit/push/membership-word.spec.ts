import { describe, expect, it } from '@jest/globals';
import { NEWEST_WORD, isNews, wordOf } from '../../../src/push/membership-word.js';

describe('a word of a membership', () => {
  it('is news to everyone when it has just been said', () => {
    const word = wordOf({ isInOneOrder: true }, { ageMs: 5, isKept: false });
    expect(isNews(word, performance.now())).toBe(true);
    expect(word).toEqual(NEWEST_WORD);
  });

  it('is none to whom memberships were read for after it was said, where it was kept', () => {
    const word = wordOf({ isInOneOrder: true }, { ageMs: 2_000, isKept: true });
    expect(word.isOvertaken).toBe(true);
    expect(isNews(word, performance.now())).toBe(false);
    expect(isNews(word, performance.now() - 3_000)).toBe(true);
  });

  it('is none to whom memberships were read for after it was said, where it was long on its way', () => {
    const word = wordOf({ isInOneOrder: true }, { ageMs: 1_000, isKept: false });
    expect(word.isOvertaken).toBe(false);
    expect(isNews(word, performance.now())).toBe(false);
    expect(isNews(word, performance.now() - 2_000)).toBe(true);
  });

  it('is none to who is yet to be read for', () => {
    expect(isNews(NEWEST_WORD, Number.POSITIVE_INFINITY)).toBe(false);
  });
});
