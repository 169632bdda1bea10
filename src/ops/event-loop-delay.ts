import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { IntervalHistogram } from 'node:perf_hooks';

/** The timer by which the delay is measured; what is shorter than this is no delay. */
const RESOLUTION_MS = 10;
const NANOSECONDS = 1e-9;

/** What was measured. */
export interface MeasuredDelay {
  /** Seconds by quantile since the last look; zeros where nothing was measured. */
  readonly quantiles: Readonly<Record<'0.5' | '0.99' | '1', number>>;
  /** Seconds that all measurements since the start come to. */
  readonly sum: number;
  /** Measurements since the start. */
  readonly count: number;
}

/** How late the event loop was, from one look to the next. */
export class EventLoopDelay {
  private sum = 0;
  private count = 0;
  private readonly histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  start(): void {
    this.histogram.enable();
  }

  stop(): void {
    this.histogram.disable();
  }

  /** Looks. */
  take(): MeasuredDelay {
    const { histogram } = this;
    const quantiles = {
      '0.5': late(histogram.percentile(50)),
      '0.99': late(histogram.percentile(99)),
      '1': late(histogram.max),
    };
    const { count } = histogram;
    if (count > 0) this.sum += late(histogram.mean) * count;
    this.count += count;
    histogram.reset();
    return { quantiles: count > 0 ? quantiles : { '0.5': 0, '0.99': 0, '1': 0 }, sum: this.sum, count: this.count };
  }
}

/** The histogram holds whole intervals: what is past the timer's own is the delay. */
function late(nanoseconds: number): number {
  return Math.max(0, nanoseconds * NANOSECONDS - RESOLUTION_MS / 1000);
}
