/**
 * What time the server has, about: by its answers, with the monotonic clock of this process since. The nodes have it in
 * common, whatever their own clocks say.
 *
 * The server looked at its clock somewhere between question and answer, so each answer says how fast and how slow this
 * clock may be, and it is set only where it is neither. An answer that was long on its way says little, and changes little:
 * on a line that loses packets all of them may be seconds old, and frames are judged by their age.
 */
export class ServerClock {
  private offsetMs: number | undefined;

  /** Milliseconds since the Unix epoch. */
  now(): number {
    return Math.round(performance.now() + (this.offsetMs ?? 0));
  }

  /** The server has just answered that it has this time; it was asked at that moment of `performance.now()`. */
  learn(serverMs: number, askedAtMs: number): void {
    const least = serverMs - performance.now();
    // It tells whole milliseconds.
    const most = serverMs + 1 - askedAtMs;
    this.offsetMs = Math.min(Math.max(this.offsetMs ?? (least + most) / 2, least), most);
  }
}
