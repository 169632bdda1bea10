/**
 * What JSON from outside may not contain: an own key `__proto__` at any depth (the classic way to pollute prototypes
 * once such data is merged) and nesting without end. Both checks cost a scan of the text in the usual case.
 */
import { MAX_JSON_DEPTH } from './limits.js';

const FORBIDDEN_KEY = '__proto__';

/**
 * Whether the value, parsed from this text, has an own key `__proto__` somewhere. The value is walked only when the
 * text could hold one; in JSON the name can also be spelled with `\u` escapes.
 */
export function hasForbiddenKey(text: string, value: unknown): boolean {
  if (!text.includes(FORBIDDEN_KEY) && !text.includes('\\u')) return false;
  return containsForbiddenKey(value);
}

/**
 * Whether text that `JSON.stringify` wrote has a key `__proto__` somewhere. The value that it was written from need not
 * tell: its `toJSON` may. Quotes within a text are escaped there, so only a key looks like this.
 */
export function isForbiddenKeyWritten(text: string): boolean {
  return text.includes('"__proto__":') && /[{,]"__proto__":/.test(text);
}

/** Walks the value without recursion, so that depth cannot exhaust the stack. */
export function containsForbiddenKey(value: unknown): boolean {
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (Object.hasOwn(next, FORBIDDEN_KEY)) return true;
    for (const member of Object.values(next)) pending.push(member);
  }
  return false;
}

/** Whether arrays and objects in the text nest deeper than {@link MAX_JSON_DEPTH}. The text need not be valid JSON. */
export function isTooDeep(text: string): boolean {
  if (text.length <= 2 * MAX_JSON_DEPTH) return false;
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (isInString) {
      if (character === 0x5c) index++;
      else if (character === 0x22) isInString = false;
    } else if (character === 0x22) isInString = true;
    else if (character === 0x7b || character === 0x5b) {
      if (++depth > MAX_JSON_DEPTH) return true;
    } else if (character === 0x7d || character === 0x5d) depth--;
  }
  return false;
}

/** The same of a value that is parsed already. Walks it without recursion. */
export function isValueTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const below: unknown[] = [];
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      if (depth === MAX_JSON_DEPTH) return true;
      for (const member of Object.values(item)) below.push(member);
    }
    level = below;
  }
  return false;
}
