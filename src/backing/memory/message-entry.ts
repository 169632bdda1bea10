import type { Exclusion } from '../../core/delivery-target.js';

/** What a message weighs beside its text: its record, its string's header and its place in a list. */
export const ENTRY_OVERHEAD_BYTES = 140;

/** What few messages have, kept apart so that the others do not pay for it. */
export interface MessageTerms {
  /** From when on nobody is to get it any more. */
  readonly expiresAtMs: number | undefined;
  /** Equal on messages that take each other's place. */
  readonly collapseId: string | undefined;
  readonly except: Exclusion | undefined;
}

/** A kept message: one record, however many targets hold it. Its cursor follows from its number. */
export class MessageEntry {
  /** How many holders it has. Its bytes are given back with the last one. */
  holders = 0;

  constructor(
    readonly number: number,
    readonly text: string,
    /** Of the text, in UTF-8. */
    readonly byteLength: number,
    readonly storedAtMs: number,
    readonly terms: MessageTerms | undefined,
  ) {}

  isExpired(nowMs: number): boolean {
    return this.terms?.expiresAtMs !== undefined && this.terms.expiresAtMs <= nowMs;
  }
}
