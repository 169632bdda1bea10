/**
 * What is wrong with the data of an event, as it may be told to whoever sent it: bounded in number and length, and
 * without the data itself, which some libraries repeat in their messages.
 */
import type { PushErrorDetail } from '../../core/push-error.js';

/** What a library has found. */
export interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Most faults that are told of; hostile data can have thousands. */
const MAX_FAULTS = 50;
const MAX_MESSAGE_LENGTH = 200;
/** Longest part of a pointer: names of members come from the data too. */
const MAX_NAME_LENGTH = 64;
/** Longest text that says all faults, in UTF-16 code units. */
const MAX_TEXT_LENGTH = 500;
const LENGTH_OF_WORDS = 3;
const UNSAID = 'is not valid';

/** The faults of the data, by RFC 6901 pointer from its root. */
export function faultsOf(issues: readonly Issue[], data: unknown): readonly PushErrorDetail[] {
  const faults = issues.slice(0, MAX_FAULTS).map(({ path, message }) => ({
    pointer: path.map((name) => `/${pointerToken(String(name))}`).join(''),
    detail: repeatsValue(message, valueAt(data, path)) ? UNSAID : cut(message, MAX_MESSAGE_LENGTH),
  }));
  const left = issues.length - faults.length;
  return left > 0 ? [...faults, { pointer: '', detail: `${left} more` }] : faults;
}

/** The same below `at`, such as `/data`. */
export function faultsBelow(at: string, faults: readonly PushErrorDetail[]): readonly PushErrorDetail[] {
  return faults.map(({ pointer, detail }) => ({ pointer: at + pointer, detail }));
}

/** All of them in one text of bounded length. */
export function textOf(faults: readonly PushErrorDetail[]): string {
  return cut(faults.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; '), MAX_TEXT_LENGTH);
}

/** Texts and numbers; what else a value may be is said by no message. */
function repeatsValue(message: string, value: unknown): boolean {
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  const text = String(value);
  if (text.length > LENGTH_OF_WORDS) return message.includes(text.slice(0, MAX_NAME_LENGTH));
  // A short one is part of many words, so it counts where it stands alone.
  const words = message.split(/[^\p{L}\p{N}_.-]+/u);
  return text !== '' && words.includes(text);
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[name];
  }
  return value;
}

function pointerToken(name: string): string {
  return cut(name, MAX_NAME_LENGTH).replaceAll('~', '~0').replaceAll('/', '~1');
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
