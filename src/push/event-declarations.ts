import type { Type } from '@nestjs/common';
import { describeReceived, quoteReceived } from '../core/option-problem.js';
import type { OptionProblem } from '../core/option-problem.js';
import { isEvent, isReservedEvent } from '../protocol/names.js';
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
}

const ACTIONS = ['disconnect', 'dropOldest', 'dropNewest', 'coalesce'];
const MEMBERS = new Set(['name', 'slowReader', 'maxWaitingBytes', 'maxWaitingMs']);

/** The declarations of the option, adding to the problems what is wrong with them. */
export function readEvents(value: unknown, problems: OptionProblem[]): readonly PushEventDeclaration[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    problems.push({ path: 'events', received: describeReceived(value), expected: 'a list of events' });
    return [];
  }
  const seen = new Set<unknown>();
  return value.flatMap((given: unknown, index) => {
    const path = `events[${index}]`;
    const declared = typeof given === 'function' ? declarationOf(given as Type) : given;
    if (typeof declared !== 'object' || declared === null) {
      problems.push({ path, received: describeReceived(given), expected: 'a class with @PushEvent(), or { name }' });
      return [];
    }
    const own = problemsOf(declared as Readonly<Record<string, unknown>>, path, seen);
    problems.push(...own);
    return own.length === 0 ? [declared as PushEventDeclaration] : [];
  });
}

function problemsOf(declared: Readonly<Record<string, unknown>>, path: string, seen: Set<unknown>): OptionProblem[] {
  const { name, slowReader, maxWaitingBytes, maxWaitingMs } = declared;
  const problems: OptionProblem[] = Object.keys(declared)
    .filter((key) => !MEMBERS.has(key))
    .map((key) => ({ path: `${path}.${key}`, received: 'an option', expected: 'no option of this name' }));
  if (typeof name !== 'string' || !isEvent(name) || isReservedEvent(name)) {
    const expected = 'a name that an application may send';
    problems.push({ path: `${path}.name`, received: quoteReceived(name), expected });
  } else if (seen.has(name)) {
    problems.push({ path: `${path}.name`, received: quoteReceived(name), expected: 'each event once' });
  }
  seen.add(name);
  if (slowReader !== undefined && !ACTIONS.includes(slowReader as string)) {
    problems.push({ path: `${path}.slowReader`, received: quoteReceived(slowReader), expected: ACTIONS.join(', ') });
  }
  for (const [key, bound] of Object.entries({ maxWaitingBytes, maxWaitingMs })) {
    if (bound === undefined || (Number.isSafeInteger(bound) && (bound as number) >= 1)) continue;
    const expected = 'a whole number of at least 1';
    problems.push({ path: `${path}.${key}`, received: describeReceived(bound), expected });
  }
  return problems;
}
