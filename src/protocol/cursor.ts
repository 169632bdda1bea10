/**
 * The cursor: where a client stands in the log, as text. Opaque to everyone outside this file.
 *
 * Version 1 is `1` followed by one `.epoch.number` per partition of the log, the number in base 36 and, where a gap was
 * told, `~` and the number up to which. It fits a URL, a header and an SSE `id:` field as it is. It carries no rights:
 * what is replayed is decided by who hands it in.
 */
import { MAX_CURSOR_LENGTH } from './limits.js';

/** One place in one partition of the log. */
export interface Place {
  /** Tells one life of the log from another: a log that began anew has another epoch. */
  readonly epoch: string;
  /** How many messages the log had numbered when this one was; the first message has number 1. */
  readonly number: number;
  /** The client knows already that messages up to this number are missing: it is not told of the same gap again. */
  readonly toldThrough?: number;
}

/** The places of a node in every partition of its log. */
export type Cursor = readonly [Place, ...Place[]];

const VERSION = '1';
const EPOCH = /^[A-Za-z0-9_-]{1,32}$/;
const NUMBER = /^[0-9a-z]{1,11}$/;
const TOLD_MARK = '~';

/** Writes the places as cursor text. */
export function encodeCursor(cursor: Cursor): string {
  let text = VERSION;
  for (const { epoch, number, toldThrough } of cursor) {
    text += `.${epoch}.${number.toString(36)}`;
    if (toldThrough !== undefined) text += TOLD_MARK + toldThrough.toString(36);
  }
  return text;
}

/** Reads cursor text; `undefined` for anything that {@link encodeCursor} did not write. */
export function decodeCursor(text: string): Cursor | undefined {
  if (text.length > MAX_CURSOR_LENGTH) return undefined;
  const [version, ...parts] = text.split('.');
  if (version !== VERSION || parts.length === 0 || parts.length % 2 !== 0) return undefined;
  const places: Place[] = [];
  for (let index = 0; index < parts.length; index += 2) {
    const place = readPlace(parts[index], parts[index + 1]);
    if (!place) return undefined;
    places.push(place);
  }
  const [first, ...rest] = places;
  return first && [first, ...rest];
}

function readPlace(epoch: string | undefined, digits: string | undefined): Place | undefined {
  if (epoch === undefined || digits === undefined || !EPOCH.test(epoch)) return undefined;
  const mark = digits.indexOf(TOLD_MARK);
  const number = readNumber(mark === -1 ? digits : digits.slice(0, mark));
  if (number === undefined) return undefined;
  if (mark === -1) return { epoch, number };
  const toldThrough = readNumber(digits.slice(mark + 1));
  return toldThrough === undefined ? undefined : { epoch, number, toldThrough };
}

function readNumber(digits: string): number | undefined {
  if (!NUMBER.test(digits)) return undefined;
  const number = Number.parseInt(digits, 36);
  return Number.isSafeInteger(number) && number.toString(36) === digits ? number : undefined;
}
