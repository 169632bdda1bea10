/** What holds for the documents as such: snippets are copies of code that runs, links lead somewhere, scripts exist. */
import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { Markdown, projectRoot } from './markdown.js';

const documents = listDocuments('.');
const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
};

function listDocuments(folder: string): readonly string[] {
  const skipped = ['node_modules', 'dist', 'coverage'];
  return readdirSync(join(projectRoot, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || skipped.includes(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return listDocuments(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

/** The snippets that are specs or that a spec names, and what those import in turn. */
function executedSnippets(): ReadonlySet<string> {
  const folder = 'test/docs/snippets';
  const snippets = readdirSync(join(projectRoot, folder)).map((name) => join(folder, name));
  const specs = readdirSync(join(projectRoot, 'test/docs')).filter((name) => name.endsWith('.spec.ts'));
  const text = specs.map((name) => readFileSync(join(projectRoot, 'test/docs', name), 'utf8')).join('\n');
  const isNamed = (path: string) => text.includes(`snippets/${basename(path).replace(/\.ts$/, '.js')}'`);
  const executed = new Set(snippets.filter((path) => path.endsWith('.spec.ts') || isNamed(path)));
  // A set that grows while it is walked: what an executed snippet imports is executed too.
  for (const path of executed) {
    const source = readFileSync(join(projectRoot, path), 'utf8');
    for (const [, name = ''] of source.matchAll(/from '\.\/([\w.-]+)\.js'/g)) executed.add(join(folder, `${name}.ts`));
  }
  return executed;
}

describe('README.md', () => {
  const readme = Markdown.read('README.md');

  it('has at most 250 lines', () => {
    expect(readme.text.trimEnd().split('\n').length).toBeLessThanOrEqual(250);
  });

  it('names the two commands of the set-up, and CI runs the second', () => {
    expect(readme.text).toContain('npm ci && npm start');
    expect(readme.text).toContain('npm ci && npm test');
    expect(readFileSync(join(projectRoot, '.ci/run'), 'utf8')).toContain('\nnpm ci && npm test\n');
  });

  it('says of every block of code which file it is a copy of', () => {
    const unmarked = readme
      .codeBlocks()
      .filter(
        ({ language, snippet }) => ['ts', 'js', 'mjs', 'typescript', 'javascript'].includes(language) && !snippet,
      );
    expect(unmarked.map(({ line }) => line)).toEqual([]);
  });
});

describe('snippets', () => {
  const snippets = documents.flatMap((path) =>
    Markdown.read(path)
      .codeBlocks()
      .flatMap(({ snippet, text }) => (snippet === undefined ? [] : [{ document: path, snippet, text }])),
  );
  const executed = executedSnippets();

  it.each(snippets)('$snippet stands in $document as it is', ({ snippet, text }) => {
    expect(text).toBe(readFileSync(join(projectRoot, snippet), 'utf8'));
  });

  it.each(snippets)('$snippet is run by a test', ({ snippet }) => {
    expect(executed).toContain(snippet);
  });
});

describe.each(documents)('%s', (path) => {
  const document = Markdown.read(path);

  it('has links that lead somewhere', () => {
    const broken = document.links().filter((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : relative(projectRoot, resolve(projectRoot, dirname(path), file));
      if (!existsSync(join(projectRoot, target))) return true;
      return anchor !== undefined && target.endsWith('.md') && !Markdown.read(target).anchors().includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names scripts that exist', () => {
    const named = [...document.text.matchAll(/npm run ([a-z][\w:-]*)|npm (start|test)\b/g)].map(
      ([, script, short]) => script ?? short ?? '',
    );
    expect(named.filter((script) => !(script in manifest.scripts))).toEqual([]);
  });
});

describe('CHANGELOG.md', () => {
  it('has a section for the version of package.json, or for what is to become it', () => {
    const versions = Markdown.read('CHANGELOG.md').lines.filter((line) => line.startsWith('## '));
    expect(versions[0]).toMatch(
      new RegExp(`^## \\[?${manifest.version.replaceAll('.', '\\.')}\\]? - (\\d{4}-\\d\\d-\\d\\d|unreleased)$`, 'i'),
    );
  });
});

describe('CONTRIBUTING.md', () => {
  it('names every script of package.json that people run', () => {
    const { text } = Markdown.read('CONTRIBUTING.md');
    const hidden = ['prepack'];
    const missing = Object.keys(manifest.scripts).filter(
      (script) => !hidden.includes(script) && !new RegExp(`npm (run )?${script}\\b`).test(text),
    );
    expect(missing).toEqual([]);
  });
});
