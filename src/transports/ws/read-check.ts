import type { ReadWatch, Watched } from './read-watch.js';

/** Bytes written to a peer between two questions, at first and after it has stood still. */
export const SHORTEST_SPAN_BYTES = 64 * 1024;
/** The most of them. Each answer in time doubles the span up to here. */
const LONGEST_SPAN_BYTES = 256 * 1024;
/** Looks of the {@link ReadWatch} from one answer to the next, beside those that an answer takes on its way. */
const LOOKS_IN_TIME = 5;
/** Most looks that an answer may take on its way. */
const MOST_LOOKS_ON_THE_WAY = 20;

/** The peer of a check. What each write looks at stands here, so that the check is touched only when there is a question. */
export interface CheckedPeer {
  /** After how many bytes more it is to be asked. */
  spanBytes: number;
  /** Whether it stands still, as far as it can answer. */
  isStill: boolean;
  /** Asks for an answer with this number, behind all that was written before. */
  sendQuestion(number: number): void;
  /** Whether an answer could come: the pipe is open, and what the peer sends is read. */
  readonly canAnswer: boolean;
  readonly isGone: boolean;
}

/**
 * Whether one peer reads what is written to it, by numbered questions that it answers when it has come to them. An
 * answer speaks for the questions before it, too: a peer may answer the last of several alone.
 *
 * A peer stands still when questions are open and none is answered for longer than its quickest answer took and half a
 * second. One that takes anything in that time does not, however slow or far away it is.
 */
export class ReadCheck implements Watched {
  private lastAsked = 0;
  private lastAnswered = 0;
  /** Since the last answer, or the first open question. */
  private looks = 0;
  /** The question whose way is measured, and the looks since it was asked. */
  private timed = 0;
  private timedLooks = 0;
  private fewestLooks: number | undefined;
  private patienceLooks = LOOKS_IN_TIME;

  constructor(
    private readonly peer: CheckedPeer,
    private readonly watch: ReadWatch,
  ) {}

  ask(): void {
    if (this.lastAsked === this.lastAnswered) this.watch.add(this);
    this.peer.sendQuestion(++this.lastAsked);
    if (this.timed > this.lastAnswered) return;
    this.timed = this.lastAsked;
    this.timedLooks = 0;
  }

  /** The peer has answered this question. False when it is not open. */
  answered(number: number): boolean {
    if (!(number > this.lastAnswered && number <= this.lastAsked)) return false;
    if (this.timed > this.lastAnswered && number >= this.timed) this.learnWay(this.timedLooks);
    const { peer } = this;
    const isInTime = this.looks < LOOKS_IN_TIME;
    peer.spanBytes = isInTime ? Math.min(2 * peer.spanBytes, LONGEST_SPAN_BYTES) : SHORTEST_SPAN_BYTES;
    peer.isStill = false;
    this.lastAnswered = number;
    this.looks = 0;
    return true;
  }

  /** While an answer could not come, no time passes. */
  look(): boolean {
    const { peer } = this;
    if (this.lastAsked === this.lastAnswered || peer.isGone) return false;
    this.looks = peer.canAnswer ? this.looks + 1 : 0;
    this.timedLooks++;
    peer.isStill = this.looks >= this.patienceLooks;
    return true;
  }

  private learnWay(looks: number): void {
    this.fewestLooks = Math.min(this.fewestLooks ?? looks, looks);
    this.patienceLooks = LOOKS_IN_TIME + Math.min(this.fewestLooks, MOST_LOOKS_ON_THE_WAY);
  }
}
