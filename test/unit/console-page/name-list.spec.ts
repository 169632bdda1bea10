import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { asWritten, namesIn } from '../../../src/console-page/name-list.js';

describe('names in a line', () => {
  it.each<[string, readonly string[]]>([
    ['', []],
    [' , ,', []],
    ['ada', ['ada']],
    [' ada ,grace,, linus the first ,', ['ada', 'grace', 'linus the first']],
    ['"x,y"', ['x,y']],
    ['ada, "x,y" , " padded "', ['ada', 'x,y', ' padded ']],
    ['" "', [' ']],
    ['""', []],
    ['"say ""hi"""', ['say "hi"']],
    ['5" disk, it"s', ['5" disk', 'it"s']],
  ])('%j names %j', (line, names) => {
    expect(namesIn(line)).toEqual(names);
  });

  it.each(['"ada', 'ada, "x,y', '"ada" lovelace', '"'])('%j is no line of names', (line) => {
    expect(namesIn(line)).toBeUndefined();
  });

  it('reads back whatever names it was written from', () => {
    const name = fc.string({
      unit: fc.constantFrom('"', ',', ' ', 'a', 'é', '\u00a0', '😀'),
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(fc.array(name), (names) => {
        expect(namesIn(names.map(asWritten).join(', '))).toEqual(names);
      }),
    );
  });

  it('quotes no name that needs it not', () => {
    const names = ['ada', 'x,y', 'linus the first', '5" disk'];
    expect(names.map(asWritten)).toEqual(['ada', '"x,y"', 'linus the first', '5" disk']);
  });
});
