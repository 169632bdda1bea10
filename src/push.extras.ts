/**
 * Checks what stands beside the factory of options, before decorators and providers are made of it. Options that a
 * factory makes are not known by then; those of `forRoot` are, and what is wrong with them belongs to the same error.
 */
import type { Provider } from '@nestjs/common';
import { PushAuthenticator } from './auth/push-authenticator.js';
import { PushAuthorizer } from './auth/push-authorizer.js';
import { quoteReceived, throwIfAnyOption } from './core/option-problem.js';
import type { OptionProblem } from './core/option-problem.js';
import { consoleOptionProblems } from './push.console.js';
import type { PushModuleExtras } from './push-options.interface.js';
import { optionProblems } from './push-options.resolver.js';
import { EXTRA_NAMES, OPTIONS_METHOD, RAW_PUSH_OPTIONS } from './push.module-definition.js';
import type { ASYNC_OPTIONS_TYPE } from './push.module-definition.js';
import type { OptionRule } from './push/controller-options.js';
import { restProblems } from './rest/rest-options.js';

type Members = Readonly<Record<string, unknown>>;

/** `rest` and `console` have rules of their own. */
const EXTRA_RULES: Readonly<Record<Exclude<keyof PushModuleExtras, 'rest' | 'console'>, OptionRule>> = {
  isGlobal: [(value) => typeof value === 'boolean', 'true or false'],
  imports: [isListOfModules, 'a list of modules'],
  authorizer: [isClassLike(PushAuthorizer, ['canJoin', 'canSend']), 'a class that extends PushAuthorizer'],
  authenticator: [isClassLike(PushAuthenticator, ['authenticate']), 'a class that extends PushAuthenticator'],
};

/** The ways to the options, of which there must be one. */
const FACTORY_RULES: Readonly<Record<string, OptionRule>> = {
  useFactory: [isFunction, 'a function that returns options'],
  useClass: [isFunction, `a class with a method ${OPTIONS_METHOD}`],
  useExisting: [(value) => ['function', 'string', 'symbol'].includes(typeof value), 'a provider'],
};

const ASYNC_RULES: Readonly<Record<string, OptionRule>> = {
  ...EXTRA_RULES,
  ...FACTORY_RULES,
  inject: [(value) => Array.isArray(value), 'a list of what the factory gets'],
  provideInjectionTokensFrom: [(value) => Array.isArray(value), 'a list of providers'],
};

/** Throws a PushError that lists every problem where one is among the extras; the options alone are left for later. */
export function checkRoot(given: object, hasAuthentication: boolean): void {
  const problems = [...ruleProblems(given, EXTRA_RULES), ...partProblems(given, hasAuthentication)];
  if (problems.length === 0) return;
  const options = Object.fromEntries(Object.entries(given).filter(([name]) => !EXTRA_NAMES.has(name)));
  throwIfAnyOption([...problems, ...optionProblems(options)]);
}

/** Throws a PushError that lists every problem with what stands beside the factory, and with the ways to it. */
export function checkAsyncRoot(given: object): void {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(ASYNC_RULES, name) && !EXTRA_NAMES.has(name));
  throwIfAnyOption([
    ...unknown.map((path) => ({ path, received: 'an option', expected: 'no option of this name beside the factory' })),
    ...factoryProblems(given as Members),
    ...ruleProblems(given, ASYNC_RULES),
    ...partProblems(given, true),
  ]);
}

/** Takes the options from a class, which is an error that names the method where it has none. */
export function madeOptionsProviders({ useClass, useExisting }: typeof ASYNC_OPTIONS_TYPE): readonly Provider[] {
  const token = useClass ?? useExisting;
  if (token === undefined) return [];
  const path = useClass === undefined ? 'useExisting' : 'useClass';
  const optionsOf = (host: { readonly [OPTIONS_METHOD]?: unknown } | null | undefined): unknown => {
    const create = host?.[OPTIONS_METHOD];
    if (typeof create === 'function') return create.call(host);
    const expected = `one with a method ${OPTIONS_METHOD} that returns the options`;
    return throwIfAnyOption([{ path, received: 'a provider without it', expected }]);
  };
  return [{ provide: RAW_PUSH_OPTIONS, inject: [token], useFactory: optionsOf }];
}

function factoryProblems(given: Members): readonly OptionProblem[] {
  const names = Object.keys(FACTORY_RULES).filter((name) => given[name] !== undefined);
  if (names.length === 1) return [];
  const received = names.length === 0 ? 'no factory' : names.join(' and ');
  return [{ path: 'options', received, expected: 'one of useFactory, useClass and useExisting' }];
}

function ruleProblems(given: object, rules: Readonly<Record<string, OptionRule>>): readonly OptionProblem[] {
  return Object.entries(rules).flatMap(([path, [isGood, expected]]) => {
    const value = (given as Members)[path];
    return value === undefined || isGood(value) ? [] : [{ path, received: quoteReceived(value), expected }];
  });
}

function partProblems(extras: PushModuleExtras, hasAuthentication: boolean): readonly OptionProblem[] {
  const ofRest = restProblems(extras.rest);
  // What the console is held against must be right itself.
  const { rest: _, ...withoutRest } = extras;
  return [...ofRest, ...consoleOptionProblems(ofRest.length === 0 ? extras : withoutRest, hasAuthentication)];
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

/** What is undefined in it is a circle of imports, which Nest explains. */
function isListOfModules(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => ['function', 'object', 'undefined'].includes(typeof item));
}

/**
 * Another copy of the package has a base of its own, and typed code may do without any: then the methods tell, and of
 * those that each instance gets the text of the class.
 */
function isClassLike(base: abstract new () => object, methods: readonly string[]) {
  return (value: unknown): boolean => {
    if (typeof value !== 'function') return false;
    const prototype = (value as { readonly prototype?: unknown }).prototype;
    if (typeof prototype !== 'object' || prototype === null) return false;
    if (prototype instanceof base) return true;
    const text = textOf(value);
    return methods.every((name) => isFunction((prototype as Members)[name]) || text.includes(name));
  };
}

/** The source of a class and of those that it extends. */
function textOf(value: unknown): string {
  return typeof value === 'function' ? String(value) + textOf(Object.getPrototypeOf(value)) : '';
}
