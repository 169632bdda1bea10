import { describeReceived, quoteReceived } from '../core/option-problem.js';
import type { OptionProblem } from '../core/option-problem.js';
import type { PushConsoleOptions } from './console-options.interface.js';

/** Where the console is unless the host says otherwise. */
export const DEFAULT_CONSOLE_PATH = 'console';

/** Segments that a router takes as they are; those of dots alone lead elsewhere. */
const PATH = /^\/?(?!\.+(\/|$))[A-Za-z0-9._~-]+(\/(?!\.+(\/|$))[A-Za-z0-9._~-]+)*\/?$/;
/** An address on the same origin; `//` would begin the name of a host. */
const LOCAL_URL = /^\/(?![/\\])[\x21-\x7e]*$/;

type Rules = Readonly<
  Record<keyof PushConsoleOptions, readonly [isGood: (value: unknown) => boolean, expected: string]>
>;

const RULES: Rules = {
  path: [(path) => typeof path === 'string' && PATH.test(path), 'a path such as console or admin/push'],
  version: [() => true, ''],
  guards: [(guards) => Array.isArray(guards) && guards.length > 0, 'a list of guards that is not empty'],
  tenantOf: [(value) => typeof value === 'function', 'a function'],
  tokenUrl: [(url) => typeof url === 'string' && LOCAL_URL.test(url), 'a path of the same origin, such as /auth/token'],
  decorators: [(list) => Array.isArray(list), 'a list of class decorators'],
};

/** What is wrong with the options of the console. */
export function consoleProblems(options: unknown): OptionProblem[] {
  if (options === false || options === undefined) return [];
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    return [{ path: 'console', received: describeReceived(options), expected: 'an object, or false' }];
  return Object.entries(options).flatMap(([name, value]) => {
    const path = `console.${name}`;
    const rule = Object.hasOwn(RULES, name) ? RULES[name as keyof PushConsoleOptions] : undefined;
    if (!rule) return [{ path, received: 'an option', expected: 'no option of this name' }];
    if (value === undefined || rule[0](value)) return [];
    return [{ path, received: quoteReceived(value), expected: rule[1] }];
  });
}

/** What is wrong with its path beside these others, which are absolute. */
export function consolePathProblems(path: string, others: Readonly<Record<string, string>>): OptionProblem[] {
  const own = plainPathOf(path);
  return Object.entries(others).flatMap(([name, other]) => {
    const theirs = plainPathOf(other);
    if (theirs !== own && !theirs.startsWith(`${own}/`)) return [];
    const expected = theirs === own ? `another path than ${name}` : `a path that ${name} does not lie below`;
    return [{ path: 'console.path', received: `'${path}'`, expected }];
  });
}

/** Without slashes at its ends. */
export function plainPathOf(path: string): string {
  return path.replaceAll(/^\/+|\/+$/g, '');
}
