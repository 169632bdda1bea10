import type { OptionProblem } from '../core/option-problem.js';
import { CONTROLLER_RULES, controllerProblems } from '../push/controller-options.js';
import type { OptionRule } from '../push/controller-options.js';
import type { PushRestOptions } from './push-rest-options.interface.js';

const RULES: Readonly<Record<keyof PushRestOptions, OptionRule>> = {
  ...CONTROLLER_RULES,
  path: [(path) => typeof path === 'string', 'a path such as push or internal/push'],
};

/** What is wrong with the options of the REST interface. */
export function restProblems(options: unknown): OptionProblem[] {
  return controllerProblems('rest', options, RULES);
}
