/** From one answer to the next request; as often as reports come over a connection. */
const PAUSE_MS = 1_000;

/** Asks again and again while it is started, one request at a time. */
export class Looks {
  readonly #look: () => Promise<void>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStarted = false;
  #isLooking = false;
  #isHurried = false;

  /** @param look Asks once. What it fails with is met by the next one. */
  constructor(look: () => Promise<void>) {
    this.#look = look;
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.hurry();
  }

  stop(): void {
    this.#isStarted = false;
    clearTimeout(this.#timer);
  }

  /** Something else is looked at from now on: it is asked for at once, or right after what is under way. */
  hurry(): void {
    if (!this.#isStarted) return;
    if (this.#isLooking) this.#isHurried = true;
    else this.#next(0);
  }

  #next(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), delayMs);
  }

  async #run(): Promise<void> {
    this.#isLooking = true;
    this.#isHurried = false;
    await this.#look().catch(() => {});
    this.#isLooking = false;
    if (this.#isStarted) this.#next(this.#isHurried ? 0 : PAUSE_MS);
  }
}
