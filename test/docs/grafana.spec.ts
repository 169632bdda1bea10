/** The dashboard and the alert rules ask for metrics that exist, by labels that they have. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { METRICS } from '../../src/ops/metric-catalog.js';
import { projectRoot } from './markdown.js';

const PREFIX = 'push_';
const known = new Map(METRICS.map(({ name, type, labels }) => [PREFIX + name, { type, labels }]));

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
}

interface Dashboard {
  readonly title: string;
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

const dashboard = JSON.parse(readFileSync(join(projectRoot, 'docs/grafana/nestjs-push.json'), 'utf8')) as Dashboard;
const alerts = readFileSync(join(projectRoot, 'docs/grafana/alerts.yml'), 'utf8');

/** The metric of a series: parts of a histogram belong to it. */
function metricOf(series: string): string {
  return known.has(series) ? series : series.replace(/_(bucket|sum|count)$/, '');
}

/** What is wrong with the series that an expression asks for. */
function problemsOf(expression: string): readonly string[] {
  const series = [...expression.matchAll(/\b(push_\w+)(?:\{([^}]*)\})?/g)];
  if (series.length === 0) return [`${expression} asks for nothing`];
  return series.flatMap(([, name = '', matchers = '']) => {
    const metric = known.get(metricOf(name));
    if (!metric) return [`there is no ${name}`];
    if (metric.type === 'histogram' && metricOf(name) === name) return [`${name} is a histogram`];
    const labels = [...matchers.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, label = '']) => label);
    const unknown = labels.filter((label) => ![...metric.labels, 'job', 'instance'].includes(label));
    return unknown.map((label) => `${name} has no label ${label}`);
  });
}

function isBalanced(expression: string): boolean {
  return ['()', '{}', '[]'].every(
    ([open = '', close = '']) => expression.split(open).length === expression.split(close).length,
  );
}

describe('docs/grafana/nestjs-push.json', () => {
  const shown = dashboard.panels.filter(({ type }) => type !== 'row');
  const expressions = shown.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

  it('is a dashboard whose panels have ids of their own and do not overlap', () => {
    expect([dashboard.title, dashboard.uid, dashboard.schemaVersion > 30]).toEqual([
      'nestjs-push',
      'nestjs-push',
      true,
    ]);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { h, w, x, y } }) =>
      Array.from({ length: h * w }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });

  it('asks only for what there is', () => {
    expect(expressions.flatMap(problemsOf)).toEqual([]);
    expect(expressions.filter((expression) => !isBalanced(expression))).toEqual([]);
  });

  it('shows every metric', () => {
    const asked = new Set(
      expressions.flatMap((text) => [...text.matchAll(/\bpush_\w+/g)].map(([name]) => metricOf(name))),
    );
    expect([...known.keys()].filter((name) => !asked.has(name))).toEqual([]);
  });

  it('takes its choices from a metric that there is', () => {
    const definitions = dashboard.templating.list.flatMap(({ definition }) =>
      definition === undefined ? [] : [definition],
    );
    expect(definitions.length).toBe(2);
    expect(definitions.flatMap(problemsOf)).toEqual([]);
  });
});

describe('docs/grafana/alerts.yml', () => {
  const rules = alerts.split(/^ {6}- alert: /m).slice(1);
  const expressions = rules.map((rule) => /expr: (?:>-\n)?([\s\S]*?)\n {8}(?=for|labels)/.exec(rule)?.[1] ?? '');

  it('has rules with a name of their own, a severity and a summary', () => {
    const names = rules.map((rule) => rule.split('\n', 1)[0]);
    expect(names.length).toBeGreaterThan(8);
    expect(new Set(names).size).toBe(names.length);
    const isWhole = (rule: string) => /severity: (warning|critical)\n/.test(rule) && /summary: \S/.test(rule);
    expect(rules.filter((rule) => !isWhole(rule))).toEqual([]);
  });

  it('asks only for what there is', () => {
    expect(expressions.flatMap(problemsOf)).toEqual([]);
    expect(expressions.filter((expression) => !isBalanced(expression))).toEqual([]);
  });
});
