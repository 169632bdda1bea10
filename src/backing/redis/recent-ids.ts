/** The ids of the last while, so that what was recorded by somebody and said again is known. */
export class RecentIds {
  private current = new Set<string>();
  private previous = new Set<string>();
  private turnsAtMs = 0;

  /** Ids are remembered for `rememberMs` at least, and no longer known after twice as long. */
  constructor(private readonly rememberMs: number) {}

  /** Takes the id in; false if it was there. */
  add(id: string, nowMs: number): boolean {
    if (nowMs >= this.turnsAtMs) this.turn(nowMs);
    if (this.previous.has(id)) return false;
    // One look at a large set in place of two.
    const { size } = this.current;
    return this.current.add(id).size > size;
  }

  private turn(nowMs: number): void {
    // After a silence those of the last turn are too old themselves.
    this.previous = nowMs < this.turnsAtMs + this.rememberMs ? this.current : new Set();
    this.current = new Set();
    this.turnsAtMs = nowMs + this.rememberMs;
  }
}
