import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Markdown, projectRoot } from './markdown.js';

/** How many kinds of attack there are. */
const ATTACKS = 75;

const rows = Markdown.read('docs/security-tests.md').rows('#', 'attack', 'answer', 'tests');
const sources = new Map<string, string>();

/** A test file as text, without what escapes a character of it. */
function sourceOf(path: string): string {
  const source = sources.get(path) ?? readFileSync(join(projectRoot, path), 'utf8').replaceAll(/\\(.)/g, '$1');
  sources.set(path, source);
  return source;
}

describe('docs/security-tests.md', () => {
  it('has every attack once, in order', () => {
    expect(rows.map((row) => Number(row['#']))).toEqual(Array.from({ length: ATTACKS }, (_, index) => index + 1));
  });

  it.each(rows.map((row) => [row['#'] ?? '', row['tests'] ?? '']))(
    'names tests that exist for attack %s',
    (_id, tests) => {
      for (const test of tests.split('<br>')) {
        const [, path = '', name = ''] = /^`(test\/[\w./-]+\.(?:spec|suite)\.ts): (.+)`$/.exec(test) ?? [];
        expect([test, path]).toEqual([test, expect.stringMatching(/./)]);
        // As the title of a test, of a block of them, or of a row of their table.
        expect([name, ["'", '"', '`'].some((quote) => sourceOf(path).includes(quote + name))]).toEqual([name, true]);
      }
    },
  );
});
