/** Ends what it stands for; calling it again changes nothing. */
export type Cancel = () => void;

/** Where the module takes its time from. Tests put a manual one in its place. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls back once after `delayMs`. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): Cancel;
  /** Calls back every `intervalMs`. Does not keep the process alive. */
  every(intervalMs: number, callback: () => void): Cancel;
}

/** The longest delay that a Node timer takes; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, Math.min(delayMs, MAX_TIMER_MS)).unref();
    return () => clearTimeout(timer);
  },
  every: (intervalMs, callback) => {
    const timer = setInterval(callback, Math.min(intervalMs, MAX_TIMER_MS)).unref();
    return () => clearInterval(timer);
  },
};
