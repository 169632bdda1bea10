import type { Cancel, Clock } from '../core/clock.js';

interface Timer {
  dueMs: number;
  readonly intervalMs: number | undefined;
  readonly callback: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  private readonly timers = new Set<Timer>();

  /** @param nowMs Where it stands, milliseconds since the Unix epoch. @default 2026-01-01T00:00:00Z */
  constructor(private nowMs: number = Date.UTC(2026, 0, 1)) {}

  now(): number {
    return this.nowMs;
  }

  after(delayMs: number, callback: () => void): Cancel {
    return this.add({ dueMs: this.nowMs + delayMs, intervalMs: undefined, callback });
  }

  every(intervalMs: number, callback: () => void): Cancel {
    return this.add({ dueMs: this.nowMs + intervalMs, intervalMs, callback });
  }

  /**
   * Moves on by so many milliseconds and calls back what is due by then, in order. Below 0 it is set back: `now()` alone
   * goes back, for timers of a machine do not ask what time it is.
   */
  advance(milliseconds: number): void {
    const endMs = this.nowMs + milliseconds;
    if (milliseconds < 0) for (const timer of this.timers) timer.dueMs += milliseconds;
    for (let timer = this.nextDue(endMs); timer; timer = this.nextDue(endMs)) {
      this.nowMs = Math.max(this.nowMs, timer.dueMs);
      if (timer.intervalMs === undefined) this.timers.delete(timer);
      else timer.dueMs += timer.intervalMs;
      timer.callback();
    }
    this.nowMs = endMs;
  }

  private add(timer: Timer): Cancel {
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  private nextDue(endMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.dueMs <= endMs && (!next || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }
}
