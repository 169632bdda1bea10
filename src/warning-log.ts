import { Logger } from '@nestjs/common';
import type { Clock } from './core/clock.js';

/** Shortest time between two lines. */
const INTERVAL_MS = 1_000;

/** Warns, at most once a second: whoever may send must not be able to fill the log. The next line says what was left out. */
export class WarningLog {
  private readonly logger = new Logger('PushModule');
  private loggedAtMs = Number.NEGATIVE_INFINITY;
  private leftOut = 0;

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  readonly add = (text: string): void => {
    const nowMs = this.clock.now();
    if (nowMs - this.loggedAtMs < INTERVAL_MS) {
      this.leftOut++;
      return;
    }
    this.logger.warn(this.leftOut > 0 ? `${text} (and ${this.leftOut} more warnings)` : text);
    this.leftOut = 0;
    this.loggedAtMs = nowMs;
  };
}
