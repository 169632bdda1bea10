import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import type { Clock } from './core/clock.js';
import { FailureReport } from './core/failure-report.js';
import type { FailureContext } from './core/failure-report.js';
import { logLine } from './core/log-line.js';
import { PushCounters } from './core/push-counters.js';

/** Shortest time between two lines. */
const INTERVAL_MS = 1_000;

/**
 * Logs failures of our own, or of the host's providers, at most one a second: a peer that knows how to cause one must
 * not be able to fill the log. The next line says how many were left out.
 */
export class FailureLog extends FailureReport {
  private readonly logger = new Logger('PushModule');
  private loggedAtMs = Number.NEGATIVE_INFINITY;
  private leftOut = 0;

  constructor(
    private readonly clock: Clock,
    private readonly counters = new PushCounters(),
  ) {
    super();
  }

  readonly add = (cause: unknown, about?: FailureContext): void => {
    this.counters.failures++;
    const nowMs = this.clock.now();
    if (nowMs - this.loggedAtMs < INTERVAL_MS) {
      this.leftOut++;
      return;
    }
    if (this.leftOut > 0) this.logger.error(`${this.leftOut} more failures were not logged`);
    this.leftOut = 0;
    this.loggedAtMs = nowMs;
    this.logger.error(about ? logLine(String(cause), { ...about, error: inspect(cause) }) : cause);
  };
}
