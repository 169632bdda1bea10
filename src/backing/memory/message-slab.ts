import type { MessageTerms } from './message-terms.js';

/** What a slab takes of the memory. */
export const SLAB_BYTES = 65_536;
/** No record is shorter. */
export const SHORTEST_RECORD_BYTES = 64;
/** No slab has more records. */
export const MOST_RECORDS = SLAB_BYTES / SHORTEST_RECORD_BYTES;
/** What stands before the text of a record. */
export const HEADER_BYTES = 32;

/** Where the fields of a header stand. */
const NUMBER = 0;
const STORED_AT = 8;
const HOLDERS = 16;
const TEXT_BYTES = 20;
const MARKS = 24;
/** A record that is free has there the one that was freed before it. */
const FREED_BEFORE = 16;
const NONE = -1;

/** What few messages have, as objects in the heap. */
export interface Beside {
  readonly terms?: MessageTerms | undefined;
  /** A text that is longer than a record gets. */
  readonly text?: string | undefined;
}

/**
 * A block of memory outside the JavaScript heap, cut into records of one length: a header of numbers, and a text. A record
 * is known by its place, from 0. One that is given back is the next to be taken, while it is still in the processor's cache.
 */
export class MessageSlab {
  private readonly bytes: Buffer;
  private readonly fields: DataView;
  private readonly capacity: number;
  private freed = NONE;
  /** Records from here on were never taken. */
  private fresh = 0;
  private taken = 0;
  /** By place; made when there is the first. */
  private beside: (Beside | undefined)[] | undefined;

  /** @param block Of a slab that is used no more; without it memory is allocated. */
  constructor(
    /** Where its owner finds it. */
    readonly index: number,
    readonly recordBytes: number,
    readonly block = new ArrayBuffer(SLAB_BYTES),
  ) {
    this.bytes = Buffer.from(block);
    this.fields = new DataView(block);
    this.capacity = Math.floor(SLAB_BYTES / recordBytes);
  }

  get isFull(): boolean {
    return this.taken === this.capacity;
  }

  get isEmpty(): boolean {
    return this.taken === 0;
  }

  /** Takes a record, which has one holder. The slab must not be full. */
  take(number: number, storedAtMs: number, textBytes: number, marks: number): number {
    const place = this.freed === NONE ? this.fresh++ : this.freed;
    const at = place * this.recordBytes;
    if (place === this.freed) this.freed = this.fields.getInt32(at + FREED_BEFORE, true);
    this.fields.setFloat64(at + NUMBER, number, true);
    this.fields.setFloat64(at + STORED_AT, storedAtMs, true);
    this.fields.setInt32(at + HOLDERS, 1, true);
    this.fields.setInt32(at + TEXT_BYTES, textBytes, true);
    this.fields.setInt32(at + MARKS, marks, true);
    this.taken++;
    return place;
  }

  /** Gives a record back. */
  free(place: number): void {
    if (this.beside) this.beside[place] = undefined;
    this.fields.setInt32(place * this.recordBytes + FREED_BEFORE, this.freed, true);
    this.freed = place;
    this.taken--;
  }

  numberAt(place: number): number {
    return this.fields.getFloat64(place * this.recordBytes + NUMBER, true);
  }

  storedAtMsAt(place: number): number {
    return this.fields.getFloat64(place * this.recordBytes + STORED_AT, true);
  }

  textBytesAt(place: number): number {
    return this.fields.getInt32(place * this.recordBytes + TEXT_BYTES, true);
  }

  marksAt(place: number): number {
    return this.fields.getInt32(place * this.recordBytes + MARKS, true);
  }

  putBeside(place: number, beside: Beside): void {
    (this.beside ??= Array.from({ length: this.capacity }))[place] = beside;
  }

  besideAt(place: number): Beside | undefined {
    return this.beside?.[place];
  }

  /** Counts holders in or out, and answers how many there are. */
  addHolders(place: number, count: number): number {
    const at = place * this.recordBytes + HOLDERS;
    const holders = this.fields.getInt32(at, true) + count;
    this.fields.setInt32(at, holders, true);
    return holders;
  }

  /** Writes the text of a record, which must have room for it. */
  writeText(place: number, text: string, encoding: 'latin1' | 'utf8'): void {
    const at = place * this.recordBytes + HEADER_BYTES;
    this.bytes.write(text, at, this.recordBytes - HEADER_BYTES, encoding);
  }

  textAt(place: number, encoding: 'latin1' | 'utf8'): string {
    const at = place * this.recordBytes + HEADER_BYTES;
    return this.bytes.toString(encoding, at, at + this.textBytesAt(place));
  }
}
