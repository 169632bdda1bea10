/**
 * Chance that can be had again: a run draws everything from one seed, which a failed test names and `HISTORY_SEED` sets.
 */
export class SeededRandom {
  private state: number;

  constructor(readonly seed: number) {
    this.state = seed >>> 0;
  }

  /** From `HISTORY_SEED` where it is set, else another seed each time. */
  static fromEnvironment(): SeededRandom {
    const set = Number(process.env['HISTORY_SEED']);
    return new SeededRandom(set > 0 ? set : Math.trunc(Math.random() * 0xff_ff_ff_ff) + 1);
  }

  /** From 0 up to but not including 1 (mulberry32). */
  fraction(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_00_00_00_00;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.between(0, items.length - 1)] ?? items[0];
  }

  /** A stream of its own, so that one who draws more does not change what another gets. */
  fork(): SeededRandom {
    return new SeededRandom(this.between(1, 0xff_ff_ff_fe));
  }
}
