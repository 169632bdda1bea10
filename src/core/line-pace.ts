import type { Clock } from './clock.js';

/** Shortest time between two lines. */
const INTERVAL_MS = 1_000;

/** Lets one line of a log pass a second: whoever knows how to cause one must not be able to fill the log. */
export class LinePace {
  private passedAtMs = Number.NEGATIVE_INFINITY;
  private leftOut = 0;

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  /** How many were left out before this line; undefined where it is to be left out itself. */
  pass(): number | undefined {
    const nowMs = this.clock.now();
    const sinceMs = nowMs - this.passedAtMs;
    // Below 0 the clock was set back.
    if (sinceMs >= 0 && sinceMs < INTERVAL_MS) {
      this.leftOut++;
      return undefined;
    }
    const { leftOut } = this;
    this.leftOut = 0;
    this.passedAtMs = nowMs;
    return leftOut;
  }
}
