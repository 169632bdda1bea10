import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SeededCheckout } from './seeded-checkout.js';
import type { CheckResult } from './seeded-checkout.js';

/** One defect a file, and the rule that must report it. */
const defects = [
  {
    rule: 'typescript(no-floating-promises)',
    file: 'src/core/floating.ts',
    text: 'export function start(job: () => Promise<void>): void {\n  job();\n}\n',
  },
  {
    rule: 'typescript(no-misused-promises)',
    file: 'src/core/misused.ts',
    text: 'export function each(ids: string[], job: (id: string) => Promise<void>): void {\n  ids.forEach(job);\n}\n',
  },
  {
    rule: 'typescript(await-thenable)',
    file: 'src/core/thenable.ts',
    text: 'export async function wait(count: number): Promise<void> {\n  await count;\n}\n',
  },
  {
    rule: 'typescript(switch-exhaustiveness-check)',
    file: 'src/core/switch.ts',
    text:
      "export function say(verdict: 'queued' | 'closed'): string {\n  let text = '';\n  switch (verdict) {\n" +
      "    case 'queued':\n      text = 'waits';\n  }\n  return text;\n}\n",
  },
  {
    rule: 'typescript(no-explicit-any)',
    file: 'src/core/any.ts',
    text: 'export function same(value: any): unknown {\n  return value;\n}\n',
  },
  {
    rule: 'typescript(no-unsafe-assignment)',
    file: 'src/core/unsafe.ts',
    text: 'export function read(text: string): string {\n  const name: string = JSON.parse(text);\n  return name;\n}\n',
  },
  {
    rule: 'typescript(no-non-null-assertion)',
    file: 'src/core/bang.ts',
    text: 'export function first(list: string[]): string {\n  return list[0]!;\n}\n',
  },
  {
    rule: 'typescript(only-throw-error)',
    file: 'src/core/throw.ts',
    text: "export function fail(): never {\n  throw 'no';\n}\n",
  },
  {
    rule: 'import(no-cycle)',
    file: 'src/core/egg.ts',
    text: "import { hen } from './hen.js';\nexport const egg = (): string => hen();\n",
  },
  {
    rule: 'eslint(no-unused-vars)',
    file: 'src/core/unused.ts',
    text: "import { clock } from './clock.js';\nexport const nothing = 0;\n",
  },
  { rule: 'eslint(no-console)', file: 'src/core/console.ts', text: "export const log = () => console.log('x');\n" },
  {
    rule: 'node(no-process-env)',
    file: 'src/core/environment.ts',
    text: 'export const secret = () => process.env.SECRET;\n',
  },
  {
    rule: 'unicorn(prefer-node-protocol)',
    file: 'src/core/protocol.ts',
    text: "export { randomUUID } from 'crypto';\n",
  },
  {
    rule: 'import(no-default-export)',
    file: 'src/core/default.ts',
    text: 'export default class Nameless {\n  readonly isOpen = true;\n}\n',
  },
  {
    rule: 'eslint(max-lines)',
    file: 'src/core/long.ts',
    text: Array.from({ length: 301 }, (_, index) => `export const line${index} = ${index};\n`).join(''),
  },
  {
    rule: 'jest(no-focused-tests)',
    file: 'test/unit/focused.spec.ts',
    text: "import { expect, it } from '@jest/globals';\nit.only('works', () => {\n  expect(1).toBe(1);\n});\n",
  },
  {
    rule: 'jest(expect-expect)',
    file: 'test/unit/hollow.spec.ts',
    text: "import { it } from '@jest/globals';\nit('works', () => {\n  Math.max(1, 2);\n});\n",
  },
  {
    rule: 'typescript(no-floating-promises)',
    file: 'test/unit/floating.spec.ts',
    text:
      "import { expect, it } from '@jest/globals';\nit('rejects', () => {\n" +
      "  expect(Promise.reject(new Error('no'))).rejects.toThrow('no');\n});\n",
  },
];

/** Code that must pass: what the conventions ask for, and what a rule of thumb would wrongly forbid. */
const innocent: Record<string, string> = {
  'src/core/clock.ts': 'export const clock = { now: (): number => Date.now() };\n',
  'src/core/hen.ts': "import { egg } from './egg.js';\nexport const hen = (): string => egg();\n",
  // Nest finds the class at run time only when it is imported as a value, though it stands in a type position.
  'src/push/injected.service.ts':
    "import { Inject, Injectable } from '@nestjs/common';\nimport { ModuleRef } from '@nestjs/core';\n\n@Injectable()\n" +
    'export class InjectedService {\n  constructor(@Inject(ModuleRef) private readonly modules: ModuleRef) {}\n\n' +
    '  async find(token: string): Promise<unknown> {\n    return this.modules.get(token);\n  }\n}\n',
};

describe('npm run lint', () => {
  let checkout: SeededCheckout;
  let result: CheckResult;

  beforeAll(async () => {
    checkout = await SeededCheckout.with({
      ...innocent,
      ...Object.fromEntries(defects.map(({ file, text }) => [file, text])),
    });
    result = await checkout.check('oxlint', '--type-aware', '--deny-warnings', '--format=unix');
  });

  afterAll(() => checkout.remove());

  it.each(defects)('reports $rule in $file', ({ rule, file }) => {
    expect(result.isGreen).toBe(false);
    const reports = result.output.split('\n').filter((line) => line.startsWith(`${file}:`));
    expect(reports.join('\n')).toContain(rule);
  });

  it('leaves code alone that keeps the conventions', () => {
    const accused = result.output.split('\n').filter((line) => /^src\/(core\/clock|push)/.test(line));
    expect(accused).toEqual([]);
  });
});
