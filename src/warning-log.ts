import { Logger } from '@nestjs/common';
import type { Clock } from './core/clock.js';
import { LinePace } from './core/line-pace.js';

/** Warns, at most once a second: whoever may send must not be able to fill the log. The next line says what was left out. */
export class WarningLog {
  private readonly logger = new Logger('PushModule');
  private readonly pace: LinePace;

  constructor(clock: Pick<Clock, 'now'>) {
    this.pace = new LinePace(clock);
  }

  readonly add = (text: string): void => {
    const leftOut = this.pace.pass();
    if (leftOut === undefined) return;
    this.logger.warn(leftOut > 0 ? `${text} (and ${leftOut} more warnings)` : text);
  };
}
