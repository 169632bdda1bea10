/**
 * Decides when queues are flushed: once per turn of the event loop, so that several messages which a connection is due
 * leave in one write, and in slices, so that a fan-out to thousands of connections holds up nobody else.
 *
 * Three lanes say what goes first: replies, then messages for a few, then fan-outs to many. A lane decides about the
 * turn of a *connection*, never about the order of messages on it: whatever waits for a connection leaves with it, so
 * no later message overtakes a broadcast that is still being sliced.
 *
 * With a flush window, lanes other than replies wait for the window: less CPU for some milliseconds of latency.
 */
import { MessageRun } from './message-run.js';
import type { OutgoingMessage } from './outgoing-message.js';
import { PushCounters } from './push-counters.js';
import { WaitingBudget } from './waiting-budget.js';

/** The lanes, first to last. */
export const Lane = { Reply: 0, Few: 1, Many: 2 } as const;
export type Lane = (typeof Lane)[keyof typeof Lane];

/** What the scheduler flushes. */
export interface Flushable {
  /** The lane in which the scheduler has it; only the scheduler writes this. */
  lane: Lane | undefined;
  /** Hands over what waits, or a part of it; true where the rest is to be asked for before others. Does not throw. */
  flush(): boolean;
}

/** What the delivery of messages is bounded by. */
export interface DeliveryOptions {
  /**
   * Most bytes a connection may have waiting. Past it the reader is too slow and its connection ends with 4002.
   * @default 1_048_576
   */
  readonly maxQueueBytes?: number;
  /**
   * Most memory in bytes for what waits for slow readers in the whole process: twice the bytes of each message, once for
   * all whom it waits for. Past it those who hold more than their share are treated as if their own queue were full.
   * @default 268_435_456
   */
  readonly maxTotalQueueBytes?: number;
  /**
   * Messages due within so many milliseconds of one another leave together: less CPU, more latency. What comes while they
   * leave waits for a window that begins when they have left. 0 joins only what is due in the same turn of the event loop.
   * 0 to 50.
   * @default 0
   */
  readonly flushWindowMs?: number;
}

/** How long one slice may keep the event loop. */
const SLICE_MS = 4;
/** Flushes between two looks at the time; one of what is for everyone is several queues. */
const FLUSHES_PER_LOOK = 4;

/** Flushes outbound queues, once per turn and in slices. */
export class FlushScheduler {
  /** The run that every queue of this scheduler begins with. */
  readonly emptyRun = MessageRun.empty();
  readonly maxQueueBytes: number;
  /** What waits for slow readers. */
  readonly waiting: WaitingBudget;
  private readonly flushWindowMs: number;
  private readonly lanes = [new LaneQueue(), new LaneQueue(), new LaneQueue()] as const;
  private readonly takenRuns: MessageRun[] = [];
  private sliceEnd: SliceEnd | undefined;
  /** The one for those who came before the window was over. */
  private dueSliceEnd: SliceEnd | undefined;
  private immediate: NodeJS.Immediate | undefined;
  private window: NodeJS.Timeout | undefined;
  private isWindowOver = false;

  constructor(
    options: Required<DeliveryOptions>,
    private readonly counters = new PushCounters(),
  ) {
    this.maxQueueBytes = options.maxQueueBytes;
    this.waiting = new WaitingBudget(options.maxTotalQueueBytes);
    this.flushWindowMs = options.flushWindowMs;
  }

  /** Has the queue flushed in this turn of the event loop, or soon after when there is much to do. */
  schedule(queue: Flushable, lane: Lane): void {
    if (queue.lane !== undefined && queue.lane <= lane) return;
    queue.lane = lane;
    this.lanes[lane].push(queue);
    this.arm(lane);
  }

  /**
   * Resolves at the end of the next slice, which is armed if nothing else does. With a flush window that is the first slice
   * after the caller's own window, never one in which the messages of an earlier window leave. One promise for all who
   * wait for it.
   */
  nextSlice(): Promise<void> {
    if (this.sliceEnd) return this.sliceEnd.promise;
    this.sliceEnd = new SliceEnd();
    this.arm(Lane.Few);
    return this.sliceEnd.promise;
  }

  /** A queue's transport took the whole run. */
  recordTaken(run: MessageRun): void {
    if (run.recordTaken()) this.takenRuns.push(run);
  }

  /** The transport of a queue took these messages, which it does not share with others. */
  recordWritten(messages: readonly OutgoingMessage[]): void {
    for (const message of messages) {
      this.counters.writtenBytes += message.byteLength;
      message.recordWritten(1);
    }
  }

  /** A client is to be told that messages were skipped for it. */
  recordSkipped(): void {
    this.counters.gaps.add('skipped');
  }

  /** Flushes everything now, without slices. For the end of a process and for tests. */
  flushAll(): void {
    for (const lane of this.lanes) while (lane.flushNext());
    this.endSlice();
    this.sliceEnd?.resolve();
    this.sliceEnd = undefined;
  }

  private get hasWindow(): boolean {
    return this.flushWindowMs > 0;
  }

  private arm(lane: Lane): void {
    if (lane === Lane.Reply || !this.hasWindow) this.immediate ??= setImmediate(this.runSlice);
    // What comes while the last window's messages leave waits for a window of its own, which begins when they have left.
    else if (!this.isWindowOver) this.window ??= setTimeout(this.endWindow, this.flushWindowMs);
  }

  private readonly endWindow = (): void => {
    this.window = undefined;
    this.isWindowOver = true;
    const [, few, many] = this.lanes;
    few.turnOver();
    many.turnOver();
    this.dueSliceEnd = this.sliceEnd;
    this.sliceEnd = undefined;
    this.runSlice();
  };

  private readonly runSlice = (): void => {
    this.immediate = undefined;
    const [replies, few, many] = this.lanes;
    const endsAtMs = performance.now() + SLICE_MS;
    flushUntil(replies, endsAtMs);
    if (this.hasWindow) {
      this.runWindowedSlice(endsAtMs);
      return;
    }
    flushUntil(few, endsAtMs);
    flushUntil(many, endsAtMs);
    this.endSlice();
    if (this.lanes.some((lane) => !lane.isEmpty)) this.immediate ??= setImmediate(this.runSlice);
  };

  /** Flushes what was there when the window was over, and nothing that came since. */
  private runWindowedSlice(endsAtMs: number): void {
    const [replies, few, many] = this.lanes;
    if (this.isWindowOver) {
      flushUntil(few, endsAtMs, false);
      flushUntil(many, endsAtMs, false);
      this.endSlice();
      this.isWindowOver = !few.isTurnDone || !many.isTurnDone;
      if (!this.isWindowOver && (this.sliceEnd || !few.isEmpty || !many.isEmpty)) this.arm(Lane.Few);
    } else this.settleTaken();
    if (!replies.isEmpty || this.isWindowOver) this.immediate ??= setImmediate(this.runSlice);
  }

  private endSlice(): void {
    this.settleTaken();
    this.emptyRun.forgetFollower();
    const ended = this.hasWindow ? this.dueSliceEnd : this.sliceEnd;
    if (this.hasWindow) this.dueSliceEnd = undefined;
    else this.sliceEnd = undefined;
    ended?.resolve();
  }

  private settleTaken(): void {
    for (const run of this.takenRuns) this.counters.writtenBytes += run.settle();
    this.takenRuns.length = 0;
  }
}

/** Flushes queues of the lane until the time is over or the lane is empty; a few in any case, so that no lane starves. */
function flushUntil(lane: LaneQueue, endsAtMs: number, turnsOver = true): void {
  do {
    for (let count = 0; count < FLUSHES_PER_LOOK; count++) if (!lane.flushNext(turnsOver)) return;
  } while (performance.now() < endsAtMs);
}

/** A promise that ends with a slice. */
class SliceEnd {
  resolve: () => void = () => {};
  readonly promise = new Promise<void>((resolve) => {
    this.resolve = resolve;
  });
}

/** First in, first out; two arrays take turns, so that nothing is shifted and both keep their memory. */
class LaneQueue {
  private current: Flushable[] = [];
  private incoming: Flushable[] = [];
  private head = 0;
  /** Has handed over a part. */
  private underWay: Flushable | undefined;

  get isEmpty(): boolean {
    return this.isTurnDone && this.incoming.length === 0;
  }

  push(queue: Flushable): void {
    this.incoming.push(queue);
  }

  /** Whether all queues of this turn are flushed; others may have come since. */
  get isTurnDone(): boolean {
    return this.head === this.current.length && !this.underWay;
  }

  /** Flushes the next queue; false when there is none. What has come since the turn began is part of it, or waits. */
  flushNext(turnsOver = true): boolean {
    if (this.isTurnDone && !(turnsOver && this.turnOver())) return false;
    const queue = this.underWay ?? this.next();
    this.underWay = undefined;
    if (queue?.flush()) this.underWay = queue;
    return true;
  }

  /** The next queue, unless another lane had it. */
  private next(): Flushable | undefined {
    const queue = this.current[this.head++];
    if (queue?.lane === undefined) return undefined;
    queue.lane = undefined;
    return queue;
  }

  /** Begins a turn with all that has come since the last one began, which must be done. False when nothing has. */
  turnOver(): boolean {
    const flushed = this.current;
    flushed.length = 0;
    this.head = 0;
    this.current = this.incoming;
    this.incoming = flushed;
    return this.current.length > 0;
  }
}
