/** Nobody is told to come back sooner: an event source keeps the time, and could knock every few milliseconds with it. */
export const MIN_RECONNECT_MS = 1_000;

/** From one seat to the next as a part of the window: whatever number comes, they lie evenly (golden ratio sequence). */
const STRIDE = (Math.sqrt(5) - 1) / 2;

/** The time in which the clients of a process that ends come back, each at a seat of its own. */
export class ReturnWindow {
  constructor(
    /** How long it is, in milliseconds; it begins {@link MIN_RECONNECT_MS} from now. */
    private readonly windowMs: number,
    /** Where the process begins in it, from 0 up to but not including 1: those that end together begin elsewhere. */
    private place: number,
  ) {}

  /** Milliseconds until the seat of one more, of whom nobody knows how many will come. */
  take(): number {
    this.place = (this.place + STRIDE) % 1;
    return MIN_RECONNECT_MS + Math.floor(this.place * this.windowMs);
  }
}
