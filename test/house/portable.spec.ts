import { describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const BUILT = ['.git', '.build', 'node_modules', 'dist', 'coverage'];

/** Text files of the project, without what is installed or built. */
function sourceFiles(folder = ''): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    // In a work tree of its own .git is a file.
    if (BUILT.includes(entry.name) || entry.name.startsWith('.dist-next-')) return [];
    if (entry.isDirectory()) return sourceFiles(path);
    return /\.(png|ico|woff2?|tgz|log)$/.test(entry.name) ? [] : [path];
  });
}

/** Lines of the project that match, as `path:line`. */
function linesLike(pattern: RegExp): readonly string[] {
  return sourceFiles().flatMap((path) =>
    readFileSync(join(root, path), 'utf8')
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
  );
}

describe('the project', () => {
  it('looks at its own files', () => {
    expect(sourceFiles()).toEqual(expect.arrayContaining(['package.json', 'src/index.ts', '.ci/run']));
  });

  it('names no directory of somebody’s machine', () => {
    expect(linesLike(/(^|[\s'"`=(])\/(home|root|Users|work)\/\w/)).toEqual([]);
  });

  it('names no registry: packages come from where npm is set to', () => {
    expect(linesLike(/\b(registry|npm)\.[a-z0-9-]+\.(com|org|net|io|dev)\b|"resolved": ?"/)).toEqual([]);
  });
});
