import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { Tarball, projectRoot } from './tarball.js';

interface Manifest {
  readonly main: string;
  readonly types: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly typesVersions: Readonly<Record<'*', Readonly<Record<string, readonly string[]>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as Manifest;

describe('the packed tarball', () => {
  let tarball: Tarball;

  beforeAll(async () => {
    tarball = await Tarball.pack();
  }, 120_000);

  afterAll(() => tarball.remove());

  it('has every file that package.json points to', () => {
    const targets = Object.values(manifest.exports).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : Object.values(entry),
    );
    const classic = Object.values(manifest.typesVersions['*']).flat();
    const wanted = [...targets, ...classic, manifest.main, manifest.types].map((path) => path.replace('./', ''));
    expect(tarball.files).toEqual(expect.arrayContaining(wanted));
  });

  it('has the documents that a host reads', () => {
    const wanted = ['README.md', 'PROTOCOL.md', 'CHANGELOG.md', 'LICENSE'];
    expect(tarball.files).toEqual(expect.arrayContaining(wanted));
  });

  it('has every page of docs that README.md leads to, and what those lead to but pictures and decisions', () => {
    const leadsTo = (page: string) =>
      [...readFileSync(join(projectRoot, page), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)]
        .map(([, target = '']) => posix.join(posix.dirname(page), target))
        .filter((path) => /^docs\/(?!images|decisions)/.test(path));
    const pages = leadsTo('README.md');
    expect(pages).toContain('docs/options.md');
    const missing = [...pages, ...pages.flatMap(leadsTo)].filter((path) => !tarball.files.includes(path));
    expect(missing).toEqual([]);
  });

  it('has nothing but the build, the documents and its manifest', () => {
    expect(
      tarball.files.filter((path) => !/^(dist\/|docs\/(?!images|decisions)|[A-Z]+(\.md)?$|package\.json$)/.test(path)),
    ).toEqual([]);
  });

  it('has no declaration without its code, and a source map beside each file of code', () => {
    const files = new Set(tarball.files);
    const code = tarball.files.filter((path) => path.endsWith('.js'));
    const lone = tarball.files.filter((path) => path.endsWith('.d.ts') && !files.has(path.replace(/\.d\.ts$/, '.js')));
    expect(lone).toEqual([]);
    expect(code.filter((path) => !files.has(`${path}.map`))).toEqual([]);
  });

  it('has source maps that lead to the sources', () => {
    const map = JSON.parse(readFileSync(join(projectRoot, 'dist/index.js.map'), 'utf8')) as { sources: string[] };
    expect(existsSync(join(projectRoot, 'dist', map.sources[0] ?? ''))).toBe(true);
  });
});
