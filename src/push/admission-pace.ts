/**
 * How fast a process lets clients in: at most at its rate, if it has one, and not while its event loop is late. Who is
 * turned away is told when to come back, each at a time of its own, so that a crowd comes back at a steady rate.
 */
import type { Clock } from '../core/clock.js';
import { EventLoopWatch } from '../core/event-loop-watch.js';
import { retryAfter } from '../core/problem.js';
import { TokenBucket } from '../core/token-bucket.js';
import { Refusals } from './refusal.js';
import type { Refusal } from './refusal.js';
import { ReturnSeats } from './return-seats.js';

/** What keeps a process from drowning in handshakes. */
export interface PaceOptions {
  /**
   * Handshakes a second that this process takes, as many at once after a quiet second; past it 503, with a time of its
   * own for each client. 0: no limit.
   * @default 0
   */
  readonly maxHandshakesPerSecond?: number;
  /**
   * How late the event loop may be, in milliseconds, three times in a row at an interval of 50 ms; past it handshakes get
   * 503 until it keeps up again. 0: nothing is watched.
   * @default 250
   */
  readonly maxEventLoopDelayMs?: number;
}

/** Seats a second where the process has no rate of its own: about a quarter of what a core can do. */
const SEATS_PER_SECOND = 500;

/** Judges whether there is time for one more handshake. */
export class AdmissionPace {
  private readonly bucket: TokenBucket | undefined;
  private readonly seats: ReturnSeats;
  private readonly loop: EventLoopWatch;

  constructor(
    private readonly clock: Clock,
    { maxHandshakesPerSecond, maxEventLoopDelayMs }: Required<PaceOptions>,
  ) {
    const hasRate = maxHandshakesPerSecond > 0;
    this.bucket = hasRate ? new TokenBucket(maxHandshakesPerSecond, clock.now()) : undefined;
    this.seats = new ReturnSeats(hasRate ? maxHandshakesPerSecond : SEATS_PER_SECOND);
    this.loop = new EventLoopWatch(clock, maxEventLoopDelayMs);
  }

  start(): void {
    this.loop.start();
  }

  stop(): void {
    this.loop.stop();
  }

  /** Why there is no time for one more, if so. `isVisit`: it will be no connection, and takes nothing. */
  judge(isVisit: boolean): Refusal | undefined {
    if (this.loop.isLate) return this.later('the server has too much to do');
    if (!this.bucket) return undefined;
    const nowMs = this.clock.now();
    const hasTime = isVisit ? this.bucket.hasToken(nowMs) : this.bucket.take(nowMs);
    return hasTime ? undefined : this.later('too many come at the same time');
  }

  /** The refusal of a client that is to come back at a time of its own. */
  later(detail: string): Refusal {
    const waitMs = this.seats.take(this.clock.now());
    return { ...Refusals.serverFull(detail), headers: retryAfter(waitMs), waitMs };
  }
}
