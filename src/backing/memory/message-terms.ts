import type { Exclusion } from '../../core/delivery-target.js';

/** What few messages have. */
export interface MessageTerms {
  /** From when on nobody is to get it any more. */
  readonly expiresAtMs: number | undefined;
  /** Equal on messages that take each other's place. */
  readonly collapseId: string | undefined;
  readonly except: Exclusion | undefined;
}

/** In bytes, about: an object with its place in a list, and a text with its place in a map or a list. */
const TERMS_BYTES = 110;
const TEXT_BYTES = 40;
/** An exception is an object with lists in it. */
const EXCLUSION_BYTES = 120;

/** What the terms take of the memory, about. */
export function weightOfTerms({ collapseId, except }: MessageTerms): number {
  // A history finds it by its collapse id too.
  const ofCollapsing = collapseId === undefined ? 0 : 2 * TEXT_BYTES + collapseId.length;
  return TERMS_BYTES + ofCollapsing + (except ? EXCLUSION_BYTES + weightOfNames(except) : 0);
}

function weightOfNames({ users = [], groups = [], connections = [] }: Exclusion): number {
  let bytes = 0;
  for (const names of [users, groups, connections]) for (const name of names) bytes += TEXT_BYTES + name.length;
  return bytes;
}
