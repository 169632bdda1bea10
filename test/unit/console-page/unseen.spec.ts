import { describe, expect, it } from '@jest/globals';
import { hasUnseen } from '../../../src/console-page/unseen.js';

describe('what is not seen in a name', () => {
  it.each([
    ['white space at an end', [' ada', 'ada ', 'ada\u00a0']],
    ['white space in a row', ['a  b', 'a \u2003b']],
    ['what turns the direction', ['a\u202eb', 'a\u2067b', 'a\u2069b', 'a\u200fb', 'a\u061cb']],
    ['what has no width', ['a\u200bb', 'a\u200cb', 'a\u200db', 'a\u2060b', '\ufeffa', 'a\u00ad']],
    ['letters and tags that are drawn as nothing', ['a\u3164', 'a\u{e0061}b', 'a\u{e0101}']],
  ])('is %s', (_, names) => {
    expect(names.map(hasUnseen)).toEqual(names.map(() => true));
  });

  it.each(['ada', 'linus the first', 'Zoë', 'שלום', 'مرحبا', '名前', '😀', '<b>'])('is nothing in %j', (name) => {
    expect(hasUnseen(name)).toBe(false);
  });
});
