import { PushError } from './push-error.js';

/** One thing that is wrong with the options. All of them come together in one error at start. */
export interface OptionProblem {
  /** Where, such as `auth.jwt.algorithms` or `origins[2]`. */
  readonly path: string;
  /** What was there, as {@link describeReceived} puts it. */
  readonly received: string;
  /** What should be there. */
  readonly expected: string;
}

/** Longest text that {@link quoteReceived} repeats, in UTF-16 code units. */
const MAX_QUOTED_LENGTH = 100;

/**
 * Says what kind of value it is, for an error message. Never repeats text, which might be a secret in the wrong place;
 * numbers and booleans are told.
 */
export function describeReceived(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return value === '' ? 'an empty text' : `a text of ${value.length} characters`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** The same, but repeats text. For options that cannot hold a secret, such as an origin or a network. */
export function quoteReceived(value: unknown): string {
  if (typeof value !== 'string') return describeReceived(value);
  return JSON.stringify(value.length > MAX_QUOTED_LENGTH ? `${value.slice(0, MAX_QUOTED_LENGTH)}…` : value);
}

/** Throws a PushError `PUSH_ERR_INVALID_OPTION` that lists these problems, if there are any. */
export function throwIfAnyOption(problems: readonly OptionProblem[]): void {
  if (problems.length === 0) return;
  const lines = problems.map(({ path, received, expected }) => `  ${path}: received ${received}, expected ${expected}`);
  throw new PushError('PUSH_ERR_INVALID_OPTION', `PushModule cannot start with these options:\n${lines.join('\n')}`, {
    errors: problems.map(({ path, received, expected }) => ({
      pointer: `/${path.replaceAll(/[.[]/g, '/').replaceAll(']', '')}`,
      detail: `received ${received}, expected ${expected}`,
    })),
  });
}
