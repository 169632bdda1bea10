import { MIN_RECONNECT_MS } from './return-window.js';

/** Nobody is told to stay away for longer; past it the times are drawn at random. */
const MAX_WAIT_MS = 60_000;

/** When those who are turned away may come back: one after the other, so that they come at a steady rate. */
export class ReturnSeats {
  private nextAtMs = 0;

  constructor(private readonly seatsPerSecond: number) {}

  /** Milliseconds until the next free seat, which is taken. */
  take(nowMs: number): number {
    const seatAtMs = Math.max(this.nextAtMs, nowMs + MIN_RECONNECT_MS);
    if (seatAtMs - nowMs > MAX_WAIT_MS)
      return MIN_RECONNECT_MS + Math.floor(Math.random() * (MAX_WAIT_MS - MIN_RECONNECT_MS));
    this.nextAtMs = seatAtMs + 1000 / this.seatsPerSecond;
    return Math.ceil(seatAtMs - nowMs);
  }
}
