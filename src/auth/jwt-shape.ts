/**
 * What can be said of a token before its signature is checked: that it has the shape of one, and what its header says.
 * Everything here was written by a stranger; nothing of it decides more than which key is tried. Other members of the
 * header, such as `jku`, `jwk` and `x5u`, are not looked at.
 */
import { isJwtAlgorithm } from './jwt-algorithms.js';
import { readJsonObject } from './jwt-json.js';
import type { KeyHint } from './key-source.interface.js';

/** A token whose signature is still to be checked. The texts are base64url. */
export interface JwtShape {
  readonly hint: KeyHint;
  /** What was signed: header and payload. */
  readonly input: string;
  readonly payload: string;
  readonly signature: string;
}

/** RFC 7515 section 3.1. No part is empty: a token without a signature is none. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
/** RFC 7519 section 5.1 and RFC 9068 section 2.1. Other kinds, such as `logout+jwt`, say something else than who comes. */
const TOKEN_TYPES = new Set(['jwt', 'application/jwt', 'at+jwt', 'application/at+jwt']);

/** Reads the shape of tokens. The tokens of an issuer mostly begin with the same header, so the last one is remembered. */
export class JwtShapeReader {
  private lastHeader = '';
  private lastHint: KeyHint | undefined;

  /** The shape; undefined where the text is no token that could ever be accepted. */
  read(token: string): JwtShape | undefined {
    if (!COMPACT.test(token)) return undefined;
    const headerEnd = token.indexOf('.');
    const payloadEnd = token.lastIndexOf('.');
    const hint = this.hintOf(token.slice(0, headerEnd));
    if (!hint) return undefined;
    return {
      hint,
      input: token.slice(0, payloadEnd),
      payload: token.slice(headerEnd + 1, payloadEnd),
      signature: token.slice(payloadEnd + 1),
    };
  }

  private hintOf(header: string): KeyHint | undefined {
    if (header === this.lastHeader) return this.lastHint;
    const bytes = Buffer.from(header, 'base64url');
    const hint = readHeader(bytes);
    if (!hint) return undefined;
    // Not the text itself, which is a part of the token and would keep it.
    this.lastHeader = bytes.toString('base64url');
    this.lastHint = hint;
    return hint;
  }
}

function readHeader(bytes: Buffer): KeyHint | undefined {
  const header = readJsonObject(bytes);
  // RFC 7515 section 4.1.11: what is critical must be understood, and no extension is.
  if (!header || Object.hasOwn(header, 'crit')) return undefined;
  const { alg, kid, typ } = header;
  if (!isJwtAlgorithm(alg) || !isTokenType(typ)) return undefined;
  return kid === undefined || typeof kid === 'string' ? { alg, kid } : undefined;
}

function isTokenType(typ: unknown): boolean {
  return typ === undefined || (typeof typ === 'string' && TOKEN_TYPES.has(typ.toLowerCase()));
}
