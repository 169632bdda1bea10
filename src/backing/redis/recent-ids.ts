import { IdTable, bitsOf } from './id-table.js';

/** The ids of the last while, so that what was recorded by somebody and said again is known. */
export class RecentIds {
  private current = new IdTable();
  private previous = new IdTable();
  private turnsAtMs = 0;

  /** Ids are remembered for `rememberMs` at least, and no longer known after twice as long. */
  constructor(private readonly rememberMs: number) {}

  /** Takes the id in; false if it was there. */
  add(id: string, nowMs: number): boolean {
    if (nowMs >= this.turnsAtMs) this.turn(nowMs);
    const bits = bitsOf(id);
    if (this.previous.size > 0 && this.previous.has(bits)) return false;
    return this.current.add(bits);
  }

  private turn(nowMs: number): void {
    // After a silence those of the last turn are too old themselves.
    this.previous = nowMs < this.turnsAtMs + this.rememberMs ? this.current : new IdTable();
    this.current = new IdTable();
    this.turnsAtMs = nowMs + this.rememberMs;
  }
}
