/** Silence is looked at so often in each heartbeat. */
const TICKS_PER_HEARTBEAT = 2;
/** After so many silent ticks a line that can be asked is asked, */
const ASK_AFTER_TICKS = 2;
/** and after so many it is dead: two to two and a half heartbeats. */
const DEAD_AFTER_TICKS = 4;
/** How long a line may take to answer once the page has woken. */
const WAKE_ANSWER_MS = 5_000;

/**
 * Notices that a line is dead although nothing closed it. It counts its own ticks, not the time: after a page has slept
 * what arrived meanwhile must be read first.
 */
export class LineWatch {
  readonly #heartbeatMs: number;
  readonly #died: () => void;
  readonly #ask: (() => void) | undefined;
  readonly #ticker: ReturnType<typeof setInterval>;
  #answerTimer: ReturnType<typeof setTimeout> | undefined;
  #silentTicks = 0;
  #heardAt = Date.now();

  /** `ask` asks for a sign of life, where the transport has a way to. */
  constructor(heartbeatMs: number, died: () => void, ask?: () => void) {
    this.#heartbeatMs = heartbeatMs;
    this.#died = died;
    this.#ask = ask;
    this.#ticker = setInterval(() => this.#tick(), heartbeatMs / TICKS_PER_HEARTBEAT);
  }

  /** Something arrived. */
  heard(): void {
    // -1: the tick in which something arrived is not a silent one.
    this.#silentTicks = -1;
    this.#heardAt = Date.now();
    clearTimeout(this.#answerTimer);
  }

  /** The page has woken: a line that was cut while it slept shows no sign of it. */
  check(): void {
    clearTimeout(this.#answerTimer);
    // Without a way to ask, two heartbeats may be on their way at the most.
    if (!this.#ask && Date.now() - this.#heardAt < 2 * this.#heartbeatMs) return;
    this.#ask?.();
    this.#answerTimer = setTimeout(this.#died, Math.min(WAKE_ANSWER_MS, this.#heartbeatMs));
  }

  stop(): void {
    clearInterval(this.#ticker);
    clearTimeout(this.#answerTimer);
  }

  #tick(): void {
    this.#silentTicks++;
    if (this.#silentTicks === ASK_AFTER_TICKS) this.#ask?.();
    if (this.#silentTicks >= DEAD_AFTER_TICKS) this.#died();
  }
}
