/**
 * The kept messages of all tenants, outside the JavaScript heap: what is kept for minutes would otherwise be copied by the
 * garbage collector twice and walked over again and again, which costs more than all else that keeping a message takes.
 *
 * A message is a record in a slab of such that are about as long, and is known by a handle, a whole number. It counts its
 * holders; with the last one its record is free for the next message. What few messages have (terms, a text that is longer
 * than a record gets) stands beside, by handle.
 *
 * Invariants: a slab with a free record is in the list of its length, and a slab without a message in none. A handle
 * is good until its message has no holder.
 */
import type { Exclusion } from '../../core/delivery-target.js';
import { HEADER_BYTES, MessageSlab, MOST_RECORDS, SHORTEST_RECORD_BYTES } from './message-slab.js';

/** A kept message. */
export type MessageHandle = number;

/** What few messages have. */
export interface MessageTerms {
  /** From when on nobody is to get it any more. */
  readonly expiresAtMs: number | undefined;
  /** Equal on messages that take each other's place. */
  readonly collapseId: string | undefined;
  readonly except: Exclusion | undefined;
}

/** What is kept of a message, beside its terms. */
export interface KeptText {
  readonly number: number;
  /** Envelope text, JSON. */
  readonly text: string;
  /** Of the text, in UTF-8. */
  readonly byteLength: number;
  readonly storedAtMs: number;
}

/** Of a handle: the place in the slab; the others are the slab's index. */
const PLACE_BITS = Math.log2(MOST_RECORDS);
/** Lengths of records are multiples of it. */
const RECORD_STEP_BYTES = 32;
const LONGEST_RECORD_BYTES = 4_096;
/** What a message weighs beside its record: its place in a list. */
const PLACE_BYTES = 8;
/** What a text in the heap weighs beside its characters: its header, and its place in a map. */
const LONG_TEXT_OVERHEAD_BYTES = 64;

/** What is marked in a record. */
const Mark = { Terms: 1, LongText: 2, Ascii: 4 } as const;

/** Keeps messages. */
export class MessageStore {
  private readonly slabs: (MessageSlab | undefined)[] = [];
  /** Indexes of slabs that are no more. */
  private readonly vacant: number[] = [];
  /** Slabs with room, by the length of their records; the last one is taken from. */
  private readonly roomy = new Map<number, MessageSlab[]>();
  private readonly terms = new Map<MessageHandle, MessageTerms>();
  private readonly longTexts = new Map<MessageHandle, string>();
  /** Of the slab that was emptied last: where messages come and go it is needed again at once. */
  private spareBlock: ArrayBuffer | undefined;

  /** Slabs that there are. */
  get slabCount(): number {
    return this.slabs.length - this.vacant.length;
  }

  /** Keeps a message, with one holder. */
  add({ number, text, byteLength, storedAtMs }: KeptText, terms?: MessageTerms): MessageHandle {
    const isLong = HEADER_BYTES + byteLength > LONGEST_RECORD_BYTES;
    const isAscii = byteLength === text.length;
    const marks = (terms ? Mark.Terms : 0) | (isLong ? Mark.LongText : 0) | (isAscii ? Mark.Ascii : 0);
    const slab = this.slabFor(isLong ? SHORTEST_RECORD_BYTES : recordBytesFor(byteLength));
    const place = slab.take(number, storedAtMs, byteLength, marks);
    if (slab.isFull) this.roomy.get(slab.recordBytes)?.pop();
    const handle = (slab.index << PLACE_BITS) | place;
    if (terms) this.terms.set(handle, terms);
    if (isLong) this.longTexts.set(handle, text);
    else slab.writeText(place, text, encodingOf(marks));
    return handle;
  }

  /** One more holds the message. */
  hold(handle: MessageHandle): void {
    this.slabOf(handle).addHolders(placeOf(handle), 1);
  }

  /** One holder fewer. Answers what weight is given back, which is 0 while there are others. */
  release(handle: MessageHandle): number {
    const slab = this.slabOf(handle);
    const place = placeOf(handle);
    if (slab.addHolders(place, -1) > 0) return 0;
    const weight = this.weightOf(handle);
    this.terms.delete(handle);
    this.longTexts.delete(handle);
    if (slab.isFull) this.roomyOf(slab.recordBytes).push(slab);
    slab.free(place);
    if (slab.isEmpty) this.giveUp(slab);
    return weight;
  }

  numberOf(handle: MessageHandle): number {
    return this.slabOf(handle).numberAt(placeOf(handle));
  }

  storedAtMsOf(handle: MessageHandle): number {
    return this.slabOf(handle).storedAtMsAt(placeOf(handle));
  }

  /** Bytes of the text in UTF-8. */
  byteLengthOf(handle: MessageHandle): number {
    return this.slabOf(handle).textBytesAt(placeOf(handle));
  }

  textOf(handle: MessageHandle): string {
    const slab = this.slabOf(handle);
    const place = placeOf(handle);
    return this.longTexts.get(handle) ?? slab.textAt(place, encodingOf(slab.marksAt(place)));
  }

  termsOf(handle: MessageHandle): MessageTerms | undefined {
    return this.slabOf(handle).marksAt(placeOf(handle)) & Mark.Terms ? this.terms.get(handle) : undefined;
  }

  /** What the message takes of the memory, about. */
  weightOf(handle: MessageHandle): number {
    const slab = this.slabOf(handle);
    const isLong = (slab.marksAt(placeOf(handle)) & Mark.LongText) !== 0;
    const beside = isLong ? LONG_TEXT_OVERHEAD_BYTES + slab.textBytesAt(placeOf(handle)) : 0;
    return slab.recordBytes + PLACE_BYTES + beside;
  }

  isExpired(handle: MessageHandle, nowMs: number): boolean {
    const expiresAtMs = this.termsOf(handle)?.expiresAtMs;
    return expiresAtMs !== undefined && expiresAtMs <= nowMs;
  }

  private slabOf(handle: MessageHandle): MessageSlab {
    return this.slabs[handle >>> PLACE_BITS] as MessageSlab;
  }

  private slabFor(recordBytes: number): MessageSlab {
    const roomy = this.roomyOf(recordBytes);
    const known = roomy.at(-1);
    if (known) return known;
    const slab = new MessageSlab(this.vacant.pop() ?? this.slabs.length, recordBytes, this.spareBlock);
    this.spareBlock = undefined;
    this.slabs[slab.index] = slab;
    roomy.push(slab);
    return slab;
  }

  private roomyOf(recordBytes: number): MessageSlab[] {
    let roomy = this.roomy.get(recordBytes);
    if (!roomy) this.roomy.set(recordBytes, (roomy = []));
    return roomy;
  }

  private giveUp(slab: MessageSlab): void {
    const roomy = this.roomyOf(slab.recordBytes);
    roomy.splice(roomy.indexOf(slab), 1);
    this.slabs[slab.index] = undefined;
    this.vacant.push(slab.index);
    this.spareBlock = slab.block;
  }
}

function placeOf(handle: MessageHandle): number {
  return handle & (MOST_RECORDS - 1);
}

function recordBytesFor(byteLength: number): number {
  const steps = Math.ceil((HEADER_BYTES + byteLength) / RECORD_STEP_BYTES);
  return Math.max(SHORTEST_RECORD_BYTES, steps * RECORD_STEP_BYTES);
}

/** A text of as many bytes as characters is copied faster than it is encoded. */
function encodingOf(marks: number): 'latin1' | 'utf8' {
  return marks & Mark.Ascii ? 'latin1' : 'utf8';
}
