/**
 * The kept messages of all tenants, outside the JavaScript heap: what is kept for minutes would otherwise be copied by the
 * garbage collector twice and walked over again and again, which costs more than all else that keeping a message takes.
 *
 * A message is a record in a slab of such that are about as long, and is known by a handle, a whole number. It counts its
 * holders; with the last one its record is free for the next message of about its length. What few messages have (terms, a
 * text that is longer than a record gets) stands in the heap, beside the record.
 *
 * Invariants: a slab with a free record is in the list of its length, and a slab without a message in none. A handle
 * is good until its message has no holder.
 */
import { HEADER_BYTES, MessageSlab, MOST_RECORDS, SHORTEST_RECORD_BYTES, SLAB_BYTES } from './message-slab.js';
import { weightOfTerms } from './message-terms.js';
import type { MessageTerms } from './message-terms.js';

/** A kept message. */
export type MessageHandle = number;

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
/** Lengths of records: multiples of it, the longer the fewer, so that no more than an eighth of one is unused. */
const RECORD_STEP_BYTES = 32;
const STEPS_PER_DOUBLING = 8;
const LONGEST_RECORD_BYTES = 4_096;
/** What a message weighs beside its record: its place in a list. */
const PLACE_BYTES = 8;
/** What a text in the heap weighs beside its characters. */
const LONG_TEXT_OVERHEAD_BYTES = 64;

/** What is marked in a record. */
const Mark = { Beside: 1, Ascii: 2 } as const;

/** Keeps messages. */
export class MessageStore {
  /** By index; what is vacant is taken from the front, and the end is cut off. */
  private readonly slabs: (MessageSlab | undefined)[] = [];
  private slabCount = 0;
  /** Slabs with room, by the length of their records; the last one is taken from. */
  private readonly roomy = new Map<number, MessageSlab[]>();
  /** Of the slab that was emptied last: where messages come and go it is needed again at once. */
  private spareBlock: ArrayBuffer | undefined;

  /** What all slabs take of the memory, whatever is in them. */
  get slabBytes(): number {
    return this.slabCount * SLAB_BYTES;
  }

  /** Keeps a message, with one holder. */
  add({ number, text, byteLength, storedAtMs }: KeptText, terms?: MessageTerms): MessageHandle {
    const isLong = HEADER_BYTES + byteLength > LONGEST_RECORD_BYTES;
    const beside = terms || isLong ? { terms, text: isLong ? text : undefined } : undefined;
    const marks = (beside ? Mark.Beside : 0) | (byteLength === text.length ? Mark.Ascii : 0);
    const slab = this.slabFor(isLong ? SHORTEST_RECORD_BYTES : recordBytesFor(byteLength));
    const place = slab.take(number, storedAtMs, byteLength, marks);
    if (slab.isFull) this.roomyOf(slab.recordBytes).pop();
    if (beside) slab.putBeside(place, beside);
    if (!isLong) slab.writeText(place, text, encodingOf(marks));
    return (slab.index << PLACE_BITS) | place;
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
    return slab.besideAt(place)?.text ?? slab.textAt(place, encodingOf(slab.marksAt(place)));
  }

  termsOf(handle: MessageHandle): MessageTerms | undefined {
    const slab = this.slabOf(handle);
    const place = placeOf(handle);
    return slab.marksAt(place) & Mark.Beside ? slab.besideAt(place)?.terms : undefined;
  }

  /** What the message takes of the memory, about. */
  weightOf(handle: MessageHandle): number {
    const slab = this.slabOf(handle);
    const place = placeOf(handle);
    const weight = slab.recordBytes + PLACE_BYTES;
    const marks = slab.marksAt(place);
    if (!(marks & Mark.Beside)) return weight;
    const { terms, text } = slab.besideAt(place) ?? {};
    // A text with other letters than those of Latin takes two bytes for each.
    const bytesPerLetter = marks & Mark.Ascii ? 1 : 2;
    const ofText = text === undefined ? 0 : LONG_TEXT_OVERHEAD_BYTES + bytesPerLetter * text.length;
    return weight + ofText + (terms ? weightOfTerms(terms) : 0);
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
    const index = this.slabCount < this.slabs.length ? this.slabs.indexOf(undefined) : this.slabs.length;
    const slab = new MessageSlab(index, recordBytes, this.spareBlock);
    this.spareBlock = undefined;
    this.slabs[index] = slab;
    this.slabCount++;
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
    if (roomy.length === 0) this.roomy.delete(slab.recordBytes);
    this.slabs[slab.index] = undefined;
    this.slabCount--;
    while (this.slabs.length > 0 && !this.slabs.at(-1)) this.slabs.pop();
    this.spareBlock = slab.block;
  }
}

function placeOf(handle: MessageHandle): number {
  return handle & (MOST_RECORDS - 1);
}

function recordBytesFor(byteLength: number): number {
  const bytes = Math.max(SHORTEST_RECORD_BYTES, HEADER_BYTES + byteLength);
  const doubling = 2 ** Math.floor(Math.log2(bytes));
  const step = Math.max(RECORD_STEP_BYTES, doubling / STEPS_PER_DOUBLING);
  return Math.ceil(bytes / step) * step;
}

/** A text of as many bytes as characters is copied faster than it is encoded. */
function encodingOf(marks: number): 'latin1' | 'utf8' {
  return marks & Mark.Ascii ? 'latin1' : 'utf8';
}
