import type { Type } from '@nestjs/common';
import { quoteReceived } from '../core/option-problem.js';
import type { OptionProblem } from '../core/option-problem.js';
import { isEvent, isReservedEvent } from '../protocol/names.js';
import { isStandardSchema } from './events/standard-schema.js';
import { declarationOf } from './push-event.decorator.js';
import type { PushEventDeclaration } from './push-event.decorator.js';

/** What is known of events. */
export interface EventOptions {
  /**
   * Events with rules of their own: classes with `@PushEvent()`, or declarations as they are. Others may be sent too, and
   * are treated by the rules of the module.
   * @default []
   */
  readonly events?: readonly (Type | PushEventDeclaration)[];
  /**
   * Whether data that the application sends is held against the declaration of its event. `true`: what does not fit is
   * refused. `'warn'`: it is sent, and the log says so. What clients send is always judged.
   * @default true, where NODE_ENV is production false
   */
  readonly validateOutgoing?: boolean | 'warn';
  /** Longest time that the rules of a declared event may take for the data of a client, in milliseconds. @default 5_000 */
  readonly validationTimeoutMs?: number;
}

const ACTIONS = ['disconnect', 'dropOldest', 'dropNewest', 'coalesce'];
const DIRECTIONS = ['out', 'in', 'both'];
const MEMBERS = new Set([
  'name',
  'direction',
  'schema',
  'type',
  'jsonSchema',
  'description',
  'slowReader',
  'maxWaitingBytes',
  'maxWaitingMs',
]);

/** Whether outgoing data is judged, adding to the problems where that is no answer. */
export function readValidateOutgoing(value: unknown, problems: OptionProblem[]): boolean | 'warn' {
  // oxlint-disable-next-line node/no-process-env
  if (value === undefined) return process.env['NODE_ENV'] !== 'production';
  if (typeof value === 'boolean' || value === 'warn') return value;
  problems.push({ path: 'validateOutgoing', received: quoteReceived(value), expected: "true, false or 'warn'" });
  return false;
}

/** The declarations of the option, adding to the problems what is wrong with them. */
export function readEvents(value: unknown, problems: OptionProblem[]): readonly PushEventDeclaration[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    problems.push({ path: 'events', received: quoteReceived(value), expected: 'a list of events' });
    return [];
  }
  const seen = new Set<string>();
  return value.flatMap((given: unknown, index) => {
    const path = `events[${index}]`;
    const declared = typeof given === 'function' ? declarationOf(given as Type) : given;
    if (typeof declared !== 'object' || declared === null) {
      problems.push({ path, received: quoteReceived(given), expected: 'a class with @PushEvent(), or { name }' });
      return [];
    }
    const own = problemsOf(declared as Readonly<Record<string, unknown>>, path, seen);
    problems.push(...own);
    return own.length === 0 ? [declared as PushEventDeclaration] : [];
  });
}

type Members = Readonly<Record<string, unknown>>;

function problemsOf(declared: Members, path: string, seen: Set<string>): OptionProblem[] {
  const { name, direction = 'out', slowReader, maxWaitingBytes, maxWaitingMs } = declared;
  const problems: OptionProblem[] = Object.keys(declared)
    .filter((key) => !MEMBERS.has(key))
    .map((key) => ({ path: `${path}.${key}`, received: 'an option', expected: 'no option of this name' }));
  if (typeof name !== 'string' || !isEvent(name) || isReservedEvent(name)) {
    const expected = 'a name that an application may send';
    problems.push({ path: `${path}.name`, received: quoteReceived(name), expected });
  } else if (!isNewIn(seen, name, direction)) {
    problems.push({ path: `${path}.name`, received: quoteReceived(name), expected: 'each event once a direction' });
  }
  if (!DIRECTIONS.includes(direction as string)) {
    problems.push({ path: `${path}.direction`, received: quoteReceived(direction), expected: DIRECTIONS.join(', ') });
  }
  if (slowReader !== undefined && !ACTIONS.includes(slowReader as string)) {
    problems.push({ path: `${path}.slowReader`, received: quoteReceived(slowReader), expected: ACTIONS.join(', ') });
  }
  for (const [key, bound] of Object.entries({ maxWaitingBytes, maxWaitingMs })) {
    if (bound === undefined || (Number.isSafeInteger(bound) && (bound as number) >= 1)) continue;
    const expected = 'a whole number of at least 1';
    problems.push({ path: `${path}.${key}`, received: quoteReceived(bound), expected });
  }
  return [...problems, ...dataProblems(declared, path)];
}

/** What is said of the data. */
function dataProblems({ schema, type, jsonSchema, description }: Members, path: string): OptionProblem[] {
  const rules: readonly [string, unknown, boolean, string][] = [
    ['schema', schema, isStandardSchema(schema), 'a schema of Standard Schema, such as z.object({})'],
    ['type', type, typeof type === 'function' && schema === undefined, 'a class, where there is no schema'],
    ['jsonSchema', jsonSchema, isRecord(jsonSchema), 'a JSON Schema'],
    ['description', description, typeof description === 'string', 'a text'],
  ];
  return rules
    .filter(([, value, isGood]) => value !== undefined && !isGood)
    .map(([key, value, , expected]) => ({ path: `${path}.${key}`, received: quoteReceived(value), expected }));
}

/** Both directions count as each of them. */
function isNewIn(seen: Set<string>, name: string, direction: unknown): boolean {
  const keys = (direction === 'both' ? ['out', 'in'] : [direction]).map((way) => `${String(way)} ${name}`);
  const isNew = keys.every((key) => !seen.has(key));
  for (const key of keys) seen.add(key);
  return isNew;
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
