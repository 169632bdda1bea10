import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NUMBER_OPTIONS, resolveOptions } from '../../src/push-options.resolver.js';
import { declaredOptions } from './declared-options.js';
import { Markdown, plain, projectRoot } from './markdown.js';

const rows = Markdown.read('docs/options.md').rows('option', 'default', 'range', 'meaning');
const documented = new Map(rows.map((row) => [plain(row['option']), row]));
const declared = [...declaredOptions('PushModuleOptions'), ...declaredOptions('PushModuleExtras')];

/** A literal of a doc comment as the table writes it; undefined where the comment says it in words. */
function literalOf(byDefault: string | undefined): string | undefined {
  const isLiteral = /^(\d[\d_]*|true|false|'[^']*'|\[.*\]|\{\}|[A-Z_]+)$/.test(byDefault ?? '');
  return isLiteral ? byDefault?.replaceAll(/['_](?![A-Z])/g, '') : undefined;
}

/** The values of resolved options by path, those that a table can hold. */
function leavesOf(value: object, prefix = ''): readonly (readonly [string, string])[] {
  return Object.entries(value).flatMap(([key, member]: [string, unknown]) => {
    if (typeof member === 'object' && member !== null && !Array.isArray(member))
      return leavesOf(member, `${prefix}${key}.`);
    if (Array.isArray(member)) return [[prefix + key, JSON.stringify(member)] as const];
    return ['number', 'boolean', 'string'].includes(typeof member) ? [[prefix + key, String(member)] as const] : [];
  });
}

function rangeOf({ min, max }: { readonly min: number; readonly max: number }): string {
  const from = min.toLocaleString('en');
  if (max === Number.MAX_SAFE_INTEGER) return `from ${from}, no end`;
  if (max === 86_400_000) return `${from} to a day`;
  return max % 1_048_576 === 0 ? `${from} to ${max / 1_048_576} MiB` : `${from} to ${max.toLocaleString('en')}`;
}

/** The options of redis() by path, as their declarations have them. */
function declaredOfRedis(): readonly string[] {
  const source = readFileSync(join(projectRoot, 'src/backing/redis/redis-options.ts'), 'utf8');
  const membersOf = (name: string, before: string) => {
    const [, body = ''] = new RegExp(`interface ${name} \\{([\\s\\S]*?)\\n\\}`).exec(source) ?? [];
    return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, member = '']) => before + member);
  };
  const slices = [
    ...membersOf('SentinelBackingOptions', 'sentinel.'),
    ...membersOf('ClusterBackingOptions', 'cluster.'),
  ];
  return [...membersOf('RedisBackingOptions', ''), ...slices];
}

describe('docs/options.md', () => {
  it('lists every option that the module takes, once, and no other', () => {
    expect(rows.map((row) => plain(row['option'])).toSorted()).toEqual(declared.map(({ path }) => path).toSorted());
  });

  it('lists every option of redis(), once, and no other', () => {
    const ofRedis = Markdown.read('docs/options.md').rows('of `redis()`', 'without it', 'takes', 'meaning');
    expect(declaredOfRedis().length).toBeGreaterThan(15);
    expect(ofRedis.map((row) => plain(row['of `redis()`'])).toSorted()).toEqual(declaredOfRedis().toSorted());
  });

  it('lists every member of the principal that an authenticator answers, once, and no other', () => {
    const source = readFileSync(join(projectRoot, 'src/core/principal.ts'), 'utf8');
    const members = [...source.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, member = '']) => member);
    const ofPrincipal = Markdown.read('docs/options.md').rows('member', 'takes', 'meaning');
    expect(members).toContain('userId');
    expect(ofPrincipal.map((row) => plain(row['member'])).toSorted()).toEqual(members.toSorted());
  });

  it('says of every option what it means and what it takes', () => {
    expect(rows.filter((row) => row['meaning'] === '' || row['range'] === '')).toEqual([]);
  });

  it('has the defaults that the doc comments have', () => {
    const literals = declared.flatMap(({ path, byDefault }) => {
      const literal = literalOf(byDefault);
      return literal === undefined ? [] : [[path, literal]];
    });
    expect(literals.length).toBeGreaterThan(30);
    expect(literals.map(([path = '']) => [path, plain(documented.get(path)?.['default'])])).toEqual(literals);
  });

  it('has the defaults that the module fills in', () => {
    const filled = leavesOf(resolveOptions({})).filter(([path]) => !path.startsWith('backing.'));
    expect(filled.length).toBeGreaterThan(20);
    expect(filled.map(([path]) => [path, plain(documented.get(path)?.['default'])])).toEqual(filled);
  });

  it('has the ranges that the module checks', () => {
    const ranges = Object.entries(NUMBER_OPTIONS).map(([path, rule]) => [path, rangeOf(rule)]);
    expect(ranges.map(([path = '']) => [path, documented.get(path)?.['range']])).toEqual(ranges);
  });
});
