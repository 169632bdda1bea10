import type { ReadWatch, Watched } from './read-watch.js';

/** Bytes written to a peer before it is first asked whether it reads, and the most for one that answers late. */
const FIRST_SPAN_BYTES = 64 * 1024;
/** Most bytes written before it is asked again. Each answer in time doubles the span up to here. */
const LONGEST_SPAN_BYTES = 1024 * 1024;
/** Looks of the {@link ReadWatch} that an answer may take. */
const LOOKS_IN_TIME = 5;

/** The peer of a check. */
export interface CheckedPeer {
  /** Asks for an answer behind all that was written before. */
  ask(): void;
  /** Whether an answer could come: the pipe is open, and what the peer sends is read. */
  readonly canAnswer: boolean;
  readonly isGone: boolean;
}

/**
 * Whether one peer reads what is written to it, by questions that it answers when it has come to them. One is on the
 * way at a time, so the peer is due at most {@link LONGEST_SPAN_BYTES} and what is written while it is waited for.
 *
 * Who answers in time is asked ever more rarely. Who does not is behind, and is to be written to no more until it
 * answers; then it gets {@link FIRST_SPAN_BYTES} at a time until an answer comes in time again. So what a slow link
 * cannot carry waits here, where the policies of its events see it, and not in the kernel.
 */
export class ReadCheck implements Watched {
  private spanBytes = FIRST_SPAN_BYTES;
  /** Since the last question. */
  private writtenBytes = 0;
  private isAsked = false;
  private looks = 0;
  private isSlow = false;
  private isWaitedFor = false;

  constructor(
    private readonly peer: CheckedPeer,
    private readonly watch: ReadWatch,
  ) {}

  /** Whether the peer has not read what it was asked about, and is to be waited for. */
  get isBehind(): boolean {
    return this.isWaitedFor && this.peer.canAnswer;
  }

  /** So many bytes more were written. */
  wrote(bytes: number): void {
    this.writtenBytes += bytes;
    if (this.writtenBytes >= this.spanBytes && !this.isAsked) this.ask();
  }

  /** The peer has read up to the question. False when none was on the way. */
  answered(): boolean {
    if (!this.isAsked) return false;
    this.isSlow = this.looks >= LOOKS_IN_TIME;
    this.spanBytes = this.isSlow ? FIRST_SPAN_BYTES : Math.min(2 * this.spanBytes, LONGEST_SPAN_BYTES);
    this.isAsked = false;
    this.isWaitedFor = false;
    if (this.writtenBytes >= this.spanBytes) this.ask();
    return true;
  }

  /** While an answer could not come, no time passes. */
  look(): boolean {
    if (!this.isAsked || this.peer.isGone) return false;
    if (this.peer.canAnswer) this.looks++;
    if (this.looks >= LOOKS_IN_TIME) this.isWaitedFor = true;
    return !this.isWaitedFor;
  }

  private ask(): void {
    this.peer.ask();
    this.writtenBytes = 0;
    this.looks = 0;
    this.isAsked = true;
    this.isWaitedFor = this.isSlow;
    this.watch.add(this);
  }
}
