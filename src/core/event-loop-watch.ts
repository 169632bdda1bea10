import type { Cancel, Clock } from './clock.js';

/** How often the event loop is looked at. */
const SAMPLE_MS = 50;
/** Late so many times in a row: one long task, or a machine that was busy for a moment, is no overload. */
const SAMPLES = 3;

/** Watches whether the event loop keeps up with its work, by a timer that should fire every 50 ms. */
export class EventLoopWatch {
  private cancel: Cancel | undefined;
  private sampledAtMs = 0;
  private lateInARow = 0;

  /** @param maxDelayMs A sample that is later counts as late. 0: nothing is watched. */
  constructor(
    private readonly clock: Pick<Clock, 'every'>,
    private readonly maxDelayMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether the loop has been late for a while; also true in the middle of a turn that takes too long. */
  get isLate(): boolean {
    return this.cancel !== undefined && this.lateInARow + (this.isSampleLate() ? 1 : 0) >= SAMPLES;
  }

  start(): void {
    if (this.maxDelayMs === 0) return;
    this.sampledAtMs = this.now();
    this.cancel ??= this.clock.every(SAMPLE_MS, () => this.sample());
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.lateInARow = 0;
  }

  private sample(): void {
    this.lateInARow = this.isSampleLate() ? this.lateInARow + 1 : 0;
    this.sampledAtMs = this.now();
  }

  private isSampleLate(): boolean {
    return this.now() - this.sampledAtMs - SAMPLE_MS > this.maxDelayMs;
  }
}
