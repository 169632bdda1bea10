import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { IntervalHistogram } from 'node:perf_hooks';

/** The timer by which the delay is measured; what is shorter than this is no delay. */
const RESOLUTION_MS = 10;
const NANOSECONDS = 1e-9;

/** How late the event loop was, from one look to the next. */
export class EventLoopDelay {
  private readonly histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  start(): void {
    this.histogram.enable();
  }

  stop(): void {
    this.histogram.disable();
  }

  /** Seconds by quantile since the last call; zeros where nothing was measured. */
  take(): Readonly<Record<'0.5' | '0.99' | '1', number>> {
    const { histogram } = this;
    const delay = {
      '0.5': late(histogram.percentile(50)),
      '0.99': late(histogram.percentile(99)),
      '1': late(histogram.max),
    };
    const hasValues = histogram.max > 0;
    histogram.reset();
    return hasValues ? delay : { '0.5': 0, '0.99': 0, '1': 0 };
  }
}

/** The histogram holds whole intervals: what is past the timer's own is the delay. */
function late(nanoseconds: number): number {
  return Math.max(0, nanoseconds * NANOSECONDS - RESOLUTION_MS / 1000);
}
