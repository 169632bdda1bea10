import type { OptionProblem } from '../core/option-problem.js';
import { CONTROLLER_RULES, controllerProblems } from '../push/controller-options.js';
import type { OptionRule } from '../push/controller-options.js';
import type { PushConsoleOptions } from './console-options.interface.js';

/** Where the console is unless the host says otherwise. */
export const DEFAULT_CONSOLE_PATH = 'console';

/** Segments that a router takes as they are; those of dots alone lead elsewhere. */
const PATH = /^\/?(?!\.+(\/|$))[A-Za-z0-9._~-]+(\/(?!\.+(\/|$))[A-Za-z0-9._~-]+)*\/?$/;
/** An address on the same origin; `//` would begin the name of a host. */
const LOCAL_URL = /^\/(?![/\\])[\x21-\x7e]*$/;

const RULES: Readonly<Record<keyof PushConsoleOptions, OptionRule>> = {
  ...CONTROLLER_RULES,
  path: [(path) => typeof path === 'string' && PATH.test(path), 'a path such as console or admin/push'],
  tokenUrl: [(url) => typeof url === 'string' && LOCAL_URL.test(url), 'a path of the same origin, such as /auth/token'],
};

/** What is wrong with the options of the console. */
export function consoleProblems(options: unknown): OptionProblem[] {
  return controllerProblems('console', options, RULES);
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
