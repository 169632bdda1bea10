/** What is checked alike of every controller that a host may shape. */
import { VERSION_NEUTRAL } from '@nestjs/common';
import { describeReceived, quoteReceived } from '../core/option-problem.js';
import type { OptionProblem } from '../core/option-problem.js';

/** What an option must be, and how that is said. */
export type OptionRule = readonly [isGood: (value: unknown) => boolean, expected: string];

/** The options that controllers have in common. */
export const CONTROLLER_RULES = {
  version: [isVersion, 'a version of Nest: text, VERSION_NEUTRAL or a list of these'],
  guards: [areGuards, 'a list of at least one guard, or nothing for the guard of the module'],
  tenantOf: [isFunction, 'a function'],
  decorators: [(value) => Array.isArray(value) && value.every(isFunction), 'a list of class decorators'],
} as const satisfies Readonly<Record<string, OptionRule>>;

/** What is wrong with options that may be an object with these members, or false, or left out. */
export function controllerProblems(
  name: string,
  options: unknown,
  rules: Readonly<Record<string, OptionRule>>,
): OptionProblem[] {
  if (options === false || options === undefined) return [];
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    return [{ path: name, received: describeReceived(options), expected: 'an object, or false' }];
  return Object.entries(options).flatMap(([member, value]) => {
    const path = `${name}.${member}`;
    const rule = Object.hasOwn(rules, member) ? rules[member] : undefined;
    if (!rule) return [{ path, received: 'an option', expected: 'no option of this name' }];
    const [isGood, expected] = rule;
    return value === undefined || isGood(value) ? [] : [{ path, received: quoteReceived(value), expected }];
  });
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isVersion(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every(isOneVersion);
  return isOneVersion(value);
}

function isOneVersion(value: unknown): boolean {
  return value === VERSION_NEUTRAL || (typeof value === 'string' && value !== '');
}

/** An empty list would leave the routes without any guard. */
function areGuards(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isGuard);
}

function isGuard(value: unknown): boolean {
  return isFunction(value) || isFunction((value as { readonly canActivate?: unknown } | null | undefined)?.canActivate);
}
