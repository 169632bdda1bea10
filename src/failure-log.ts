import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import type { Clock } from './core/clock.js';
import { FailureReport } from './core/failure-report.js';
import type { FailureContext } from './core/failure-report.js';
import { LinePace } from './core/line-pace.js';
import { logLine } from './core/log-line.js';
import { PushCounters } from './core/push-counters.js';

/**
 * Logs failures of our own, or of the host's providers, at most one a second: a peer that knows how to cause one must
 * not be able to fill the log. The next line says how many were left out.
 */
export class FailureLog extends FailureReport {
  private readonly logger = new Logger('PushModule');
  private readonly pace: LinePace;

  constructor(
    clock: Pick<Clock, 'now'>,
    private readonly counters = new PushCounters(),
  ) {
    super();
    this.pace = new LinePace(clock);
  }

  readonly add = (cause: unknown, about?: FailureContext): void => {
    this.counters.failures++;
    const leftOut = this.pace.pass();
    if (leftOut === undefined) return;
    if (leftOut > 0) this.logger.error(`${leftOut} more failures were not logged`);
    this.logger.error(about ? logLine(String(cause), { ...about, error: inspect(cause) }) : cause);
  };
}
