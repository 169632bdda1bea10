import { describeReceived, quoteReceived } from '../core/option-problem.js';
import type { OptionProblem } from '../core/option-problem.js';
import { isEvent, isReservedEvent } from '../protocol/names.js';
import type { MetricsOptions, MetricsRegistry } from './metrics-options.interface.js';

/** The options with their defaults; false where nothing is given out. */
export type ResolvedMetricsOptions =
  false | (Required<Omit<MetricsOptions, 'registry'>> & { readonly registry: MetricsRegistry | undefined });

const DEFAULTS = { path: '/metrics', registry: undefined, prefix: 'push_', defaultMetrics: false, events: [] } as const;

const ABSOLUTE_PATH = /^\/[A-Za-z0-9._~/-]*$/;
/** The names of the data model of Prometheus; an empty prefix leaves the names as they are. */
const PREFIX = /^([a-zA-Z_:][a-zA-Z0-9_:]{0,63})?$/;
/** More would be a label without bounds. */
const MAX_EVENTS = 100;

type Rules = Readonly<Record<keyof MetricsOptions, readonly [isGood: (value: unknown) => boolean, expected: string]>>;

const RULES: Rules = {
  path: [(path) => path === false || isText(path, ABSOLUTE_PATH), 'an absolute path such as /metrics, or false'],
  registry: [isRegistry, 'a Registry of prom-client'],
  prefix: [(prefix) => isText(prefix, PREFIX), 'a prefix of metric names, such as push_'],
  defaultMetrics: [(value) => typeof value === 'boolean', 'true or false'],
  events: [isListUpTo(MAX_EVENTS), `a list of at most ${MAX_EVENTS} event names`],
};

/** Fills in the defaults; what is wrong is added to the problems. */
export function readMetricsOptions(value: unknown, problems: OptionProblem[]): ResolvedMetricsOptions {
  if (value === undefined || value === false) return false;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.push({ path: 'metrics', received: describeReceived(value), expected: 'an object, or false' });
    return false;
  }
  const given = Object.entries(value).filter(([, member]) => member !== undefined);
  for (const [name, member] of given) {
    const at = `metrics.${name}`;
    const rule = Object.hasOwn(RULES, name) ? RULES[name as keyof MetricsOptions] : undefined;
    if (!rule) problems.push({ path: at, received: 'an option', expected: 'no option of this name' });
    else if (!rule[0](member)) problems.push({ path: at, received: quoteReceived(member), expected: rule[1] });
    else if (name === 'events') problems.push(...eventProblems(member as readonly unknown[]));
  }
  return { ...DEFAULTS, ...Object.fromEntries(given) };
}

function isText(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function isRegistry(value: unknown): boolean {
  const methods = ['registerMetric', 'removeSingleMetric', 'metrics'];
  const members = value as Readonly<Record<string, unknown>> | null;
  return typeof members === 'object' && methods.every((name) => typeof members?.[name] === 'function');
}

function isListUpTo(maxLength: number) {
  return (value: unknown): boolean => Array.isArray(value) && value.length <= maxLength;
}

function eventProblems(events: readonly unknown[]): readonly OptionProblem[] {
  return events.flatMap((name, index) => {
    if (isEvent(name) && !isReservedEvent(name)) return [];
    const expected = 'a name that an application may send';
    return [{ path: `metrics.events[${index}]`, received: quoteReceived(name), expected }];
  });
}
