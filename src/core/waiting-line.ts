/** Where the messages of one event stand in the backlog of a connection, and since when. */
export class WaitingLine {
  /** Bytes that wait. */
  bytes = 0;
  /** Places in the backlog, growing; those before {@link head} have left. */
  private indices: (number | undefined)[] = [];
  private head = 0;
  /** Up to which place there were messages when the line was looked at. */
  private looks: { readonly atMs: number; readonly end: number }[] = [];

  /** The place of the oldest message. */
  get first(): number | undefined {
    return this.indices[this.head];
  }

  add(index: number, bytes: number): void {
    this.indices.push(index);
    this.bytes += bytes;
  }

  /** The message at this place has left, whether it was the oldest or not. */
  remove(index: number, bytes: number): void {
    this.bytes -= bytes;
    const at = this.indices[this.head] === index ? this.head : this.indices.indexOf(index, this.head);
    if (at !== -1) this.indices[at] = undefined;
    while (this.head < this.indices.length && this.indices[this.head] === undefined) this.head++;
    if (this.head * 2 < this.indices.length) return;
    this.indices = this.indices.slice(this.head);
    this.head = 0;
  }

  /**
   * What lies before the answered place has waited for at least so long. `end` is where the next message will stand.
   * Nobody notes the time of each message: how old one is at least is known from the earlier calls.
   */
  beganToWaitBefore(nowMs: number, forMs: number, end: number): number {
    if (!Number.isFinite(forMs)) return 0;
    // Where the clock was set back, the time is taken anew.
    if (nowMs < (this.looks.at(-1)?.atMs ?? nowMs)) this.looks = [];
    this.looks.push({ atMs: nowMs, end });
    let before = 0;
    while (this.looks[0] && nowMs - this.looks[0].atMs >= forMs) before = this.looks.shift()?.end ?? before;
    return before;
  }
  /** Places have moved up, over those of messages that have left. */
  renumber(moved: (index: number) => number): void {
    this.indices = this.indices.filter((index) => index !== undefined).map(moved);
    this.head = 0;
    this.looks = this.looks.map(({ atMs, end }) => ({ atMs, end: moved(end) }));
  }
}
