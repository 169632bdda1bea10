/**
 * What time the server has, about: as of its last answer, with the monotonic clock of this process since. The nodes
 * have it in common, whatever their own clocks say.
 */
export class ServerClock {
  private offsetMs = 0;

  /** Milliseconds since the Unix epoch. */
  now(): number {
    return Math.round(performance.now() + this.offsetMs);
  }

  /** The server has just said what time it has. */
  set(nowMs: number): void {
    this.offsetMs = nowMs - performance.now();
  }
}
