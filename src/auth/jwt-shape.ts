/**
 * What can be said of a token before its signature is checked: that it has the shape of one, what its header says, and
 * how many claims it has. Everything here was written by a stranger; nothing of it decides more than which key is
 * tried. Other members of the header, such as `jku`, `jwk` and `x5u`, are not looked at.
 */
import { MAX_JSON_DEPTH } from '../protocol/limits.js';
import { isJwtAlgorithm } from './jwt-algorithms.js';
import type { KeyHint } from './key-source.interface.js';

/** A token whose signature is still to be checked. */
export interface JwtShape {
  readonly hint: KeyHint;
  /** How many claims the payload spells out. More than it parses to means that one was given twice. */
  readonly claimCount: number;
}

/** RFC 7519 section 5.1 and RFC 9068 section 2.1. Other kinds, such as `logout+jwt`, say something else than who comes. */
const TOKEN_TYPES = new Set(['jwt', 'application/jwt', 'at+jwt', 'application/at+jwt']);

const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const COLON = 0x3a;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;

/** Reads the shape; undefined where the text is no token that could ever be accepted. */
export function readJwtShape(token: string): JwtShape | undefined {
  const headerEnd = token.indexOf('.');
  const payloadEnd = token.indexOf('.', headerEnd + 1);
  if (headerEnd <= 0 || payloadEnd === -1) return undefined;
  const hint = readHeader(Buffer.from(token.slice(0, headerEnd), 'base64url'));
  const claimCount = countMembers(Buffer.from(token.slice(headerEnd + 1, payloadEnd), 'base64url'));
  return hint && claimCount !== undefined ? { hint, claimCount } : undefined;
}

function readHeader(bytes: Buffer): KeyHint | undefined {
  const memberCount = countMembers(bytes);
  if (memberCount === undefined) return undefined;
  let header: unknown;
  try {
    header = JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
  if (typeof header !== 'object' || header === null || Object.keys(header).length !== memberCount) return undefined;
  // RFC 7515 section 4.1.11: what is critical must be understood, and no extension is.
  if (Object.hasOwn(header, 'crit')) return undefined;
  const { alg, kid, typ } = header as Readonly<Record<string, unknown>>;
  if (!isJwtAlgorithm(alg) || !isTokenType(typ)) return undefined;
  return kid === undefined || typeof kid === 'string' ? { alg, kid } : undefined;
}

function isTokenType(typ: unknown): boolean {
  return typ === undefined || (typeof typ === 'string' && TOKEN_TYPES.has(typ.toLowerCase()));
}

/**
 * How many members the outermost object spells out, by its colons; undefined where the text nests deeper than
 * {@link MAX_JSON_DEPTH}. The text need not be valid JSON. `JSON.parse` itself lets the last of two equal names win,
 * where another reader of the same token may have taken the first.
 */
function countMembers(bytes: Buffer): number | undefined {
  let depth = 0;
  let count = 0;
  let isInString = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (isInString) {
      if (byte === BACKSLASH) index++;
      else if (byte === QUOTE) isInString = false;
    } else if (byte === QUOTE) isInString = true;
    else if (byte === COLON) count += depth === 1 ? 1 : 0;
    else if (byte === OPENING_BRACE || byte === OPENING_BRACKET) {
      if (++depth > MAX_JSON_DEPTH) return undefined;
    } else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) depth--;
  }
  return count;
}
