/** Places of a table that begins; a power of two, as all tables have. */
const FIRST_PLACES = 1_024;

/**
 * A set of ids at random, each kept as 64 bits of it in one array of numbers: half a million of them are neither objects
 * nor texts that a collection has to look at. Two ids of a million are taken for one with a chance of 1 in 30 million.
 */
export class IdTable {
  private words = new Int32Array(2 * FIRST_PLACES);
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Takes the id in; false if it was there. */
  add(id: IdBits): boolean {
    const place = this.placeOf(id);
    if (this.words[place] !== 0) return false;
    this.words[place] = id.first;
    this.words[place + 1] = id.second;
    if (++this.count * 4 > this.words.length) this.grow();
    return true;
  }

  has(id: IdBits): boolean {
    return this.words[this.placeOf(id)] !== 0;
  }

  /** Where the id stands, or is to stand: in its own place or the next that is free. */
  private placeOf({ first, second }: IdBits): number {
    const { words } = this;
    const last = words.length - 1;
    let place = (second << 1) & last;
    while (words[place] !== 0 && (words[place] !== first || words[place + 1] !== second)) place = (place + 2) & last;
    return place;
  }

  private grow(): void {
    const before = this.words;
    this.words = new Int32Array(2 * before.length);
    for (let at = 0; at < before.length; at += 2) {
      const first = before[at] ?? 0;
      if (first === 0) continue;
      const second = before[at + 1] ?? 0;
      const place = this.placeOf({ first, second });
      this.words[place] = first;
      this.words[place + 1] = second;
    }
  }
}

/** An id as two numbers of 32 bits. The first is never 0, which stands for a free place. */
export interface IdBits {
  readonly first: number;
  readonly second: number;
}

/** The bits of an id, which is at random itself: they need not be made so that nobody can find two of the same. */
export function bitsOf(id: string): IdBits {
  let first = 0x811c_9dc5 | 0;
  let second = 0x2545_f491;
  for (let index = 0; index < id.length; index++) {
    const code = id.charCodeAt(index);
    first = Math.imul(first ^ code, 0x0100_0193);
    second = Math.imul(second ^ code, 0x5bd1_e995);
  }
  return { first: first === 0 ? 1 : first, second: second ^ (second >>> 15) };
}
