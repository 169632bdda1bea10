import { isUtf8 } from 'node:buffer';
import { MAX_JSON_DEPTH } from '../protocol/limits.js';

const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const COLON = 0x3a;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;

/**
 * Reads the JSON of a header or a payload; undefined where it is no object, nests deeper than {@link MAX_JSON_DEPTH}, is not
 * in UTF-8, which would make one name of several, or gives a member twice: `JSON.parse` lets the last one win, where another
 * reader of the same token may have taken the first.
 */
export function readJsonObject(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  if (!isUtf8(bytes)) return undefined;
  const text = bytes.toString();
  const memberCount = countMembers(text);
  if (memberCount === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && Object.keys(value as object).length === memberCount
    ? (value as Record<string, unknown>)
    : undefined;
}

/**
 * How many members the outermost object spells out, by its colons; undefined where the text nests too deep. The text need
 * not be valid JSON.
 */
function countMembers(text: string): number | undefined {
  let depth = 0;
  let count = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (isInString) {
      if (unit === BACKSLASH) index++;
      else if (unit === QUOTE) isInString = false;
    } else if (unit === QUOTE) isInString = true;
    else if (unit === COLON) count += depth === 1 ? 1 : 0;
    else if (unit === OPENING_BRACE || unit === OPENING_BRACKET) {
      if (++depth > MAX_JSON_DEPTH) return undefined;
    } else if (unit === CLOSING_BRACE || unit === CLOSING_BRACKET) depth--;
  }
  return count;
}
