/** Random numbers that come again with the same seed, so that a failure can be repeated. */
export class SeededRandom {
  private state: number;

  /** @param seed Any whole number; neighbours give histories that have nothing in common. */
  constructor(seed: number) {
    this.state = Math.imul(seed + 1, 0x9e37_79b1) >>> 0;
  }

  /** From 0 up to, not including, 1. A linear congruential generator is even enough to pick test cases with. */
  next(): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.state / 2 ** 32;
  }

  /** A whole number from 0 up to this one. */
  upTo(most: number): number {
    return Math.floor(this.next() * (most + 1));
  }

  /** True so often. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  oneOf<Value>(values: readonly Value[]): Value {
    const value = values[this.upTo(values.length - 1)];
    if (value === undefined) throw new Error('nothing to choose from');
    return value;
  }
}
