/**
 * What one connection is due, in order, bounded in bytes.
 *
 * In the usual case it holds a shared {@link MessageRun} from one flush to the next. When the transport is blocked the
 * messages move to a {@link Backlog} of the connection's own and leave as the peer reads. Nothing here throws: the
 * verdict of `enqueue` tells the caller what became of the message, and `overflow` that the reader is too slow.
 *
 * A connection that comes back is held first: live messages wait while those that it missed are replayed, then follow.
 * A message whose time is over is let go wherever it has waited: behind a hold, on its way to this node, or for a reader.
 * Messages for everyone are not put in: the queue takes those that are new to it before it does anything else.
 *
 * Neighbours: FanOut enqueues, Broadcasts holds what is for everyone, a replay enqueues past the hold, FlushScheduler calls
 * `flush`. Invariant: messages leave in the order in which they were enqueued, those that were held after the replay.
 */
import type { Cursor } from '../protocol/cursor.js';
import { Backlog } from './backlog.js';
import { BroadcastFollower } from './broadcast-follower.js';
import type { BroadcastSpan } from './broadcasts.js';
import type { EnqueueVerdict } from './enqueue-verdict.js';
import { Lane } from './flush-scheduler.js';
import type { Flushable, FlushScheduler } from './flush-scheduler.js';
import { HeldMessages } from './held-messages.js';
import { pushBehind } from './push-behind.js';
import { WRITE_BYTES } from './message-run.js';
import type { MessageRun, RunWrite } from './message-run.js';
import type { DropReason } from './push-counters.js';
import type { OutgoingMessage } from './outgoing-message.js';
import type { QueueOwner } from './queue-owner.interface.js';
import type { QueueTrace } from './queue-trace.interface.js';
import { stallOf } from './stall.js';
import type { Stall } from './stall.js';
import type { Transport } from './transport.interface.js';

/** The bounded queue between the fan-out and a transport. */
export class OutboundQueue extends BroadcastFollower implements Flushable {
  lane: Lane | undefined;
  private run: MessageRun;
  private backlog: Backlog | undefined;
  private held: HeldMessages | undefined;
  private reliefListener: (() => void) | undefined;
  private stall: Stall | undefined;
  private isOpen = true;
  private tracedBy: QueueTrace | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly scheduler: FlushScheduler,
    private readonly owner: QueueOwner,
  ) {
    super();
    this.run = scheduler.emptyRun;
  }

  /** Hears what becomes of the messages; undefined while nobody looks at the user of the connection. */
  get trace(): QueueTrace | undefined {
    return this.tracedBy;
  }

  set trace(trace: QueueTrace | undefined) {
    this.tracedBy = trace;
    if (this.backlog) this.backlog.trace = trace;
  }

  /** Bytes that wait here and in the transport. */
  get waitingBytes(): number {
    const apart = (this.backlog?.bytes ?? 0) + (this.held?.bytes ?? 0);
    return this.untakenBytes + this.run.bytes + apart + this.transport.bufferedBytes;
  }

  /**
   * Puts the message behind what waits already. Past `maxQueueBytes` the policy of its event decides; a lone message
   * always has room.
   */
  enqueue(message: OutgoingMessage, lane: Lane): EnqueueVerdict {
    this.catchUp();
    return this.offer(message, lane);
  }

  /** Like {@link enqueue}, for what was missed: a hold does not keep it back. */
  enqueueReplayed(message: OutgoingMessage): EnqueueVerdict {
    this.catchUp();
    this.tracedBy?.replayed(message);
    const verdict = this.isTooSlow && this.isOpen ? 'overflow' : this.append(message, Lane.Few);
    if (verdict === 'expired') this.tracedBy?.dropped(message, verdict);
    return verdict;
  }

  /**
   * From now on live messages wait, and replies until {@link releaseReplies}. `after` is the place that the connection
   * came back with, if it did. Of those that wait already the kept ones are given up for the replay to read.
   */
  hold(after?: Cursor): void {
    this.catchUp();
    if (this.held) this.held.giveUpKept(this.tracedBy);
    else this.held = new HeldMessages(this.scheduler.waiting, after);
  }

  /** The live messages that wait for a replay; undefined where they do not. */
  get holding(): HeldMessages | undefined {
    return this.held;
  }

  /** The welcome is out: replies may follow it. */
  releaseReplies(): void {
    for (const reply of this.held?.takeReplies() ?? []) this.append(reply, Lane.Reply);
  }

  /**
   * Ends the hold: what was held follows, less what the replay has read, which came to these places (`cursor` as text).
   * `overflow`: the reader was too slow for it.
   */
  release(readThrough: Cursor, cursor: string): EnqueueVerdict {
    this.catchUp();
    const released = this.held?.release(readThrough, cursor) ?? [];
    this.held = undefined;
    let verdict: EnqueueVerdict = 'queued';
    for (const { message, isRead } of released) {
      const isLost: boolean = isRead || verdict !== 'queued';
      const its: EnqueueVerdict = isLost ? verdict : this.offer(message, Lane.Few);
      if (isRead) this.giveUp(message, 'replayed');
      else if (its !== 'queued') this.giveUp(message, its);
      if (its !== 'skipped' && its !== 'expired') verdict = its;
    }
    return verdict;
  }

  /** Ends the hold of a connection that begins here: what came until now is not for it. */
  startHere(): void {
    this.catchUp();
    for (const message of this.held?.takeAll() ?? []) this.giveUp(message, 'replayed');
    this.held = undefined;
  }

  /** Calls back once when nothing waits for a blocked transport or the queue is closed; at once if that is so. */
  onceRelieved(listener: () => void): void {
    this.flush();
    if (this.backlog && this.isOpen) this.reliefListener = listener;
    else listener();
  }

  /** Hands everything that waits to the transport; what it cannot take now moves to the backlog. */
  flush(): boolean {
    this.catchUp();
    if (this.isTooSlow && this.isOpen) this.owner.tooSlow();
    this.flushRun();
    return false;
  }

  /**
   * Milliseconds for which a blocked transport has taken nothing; 0 while it makes progress. Meant to be asked
   * regularly, by a time that never goes back: progress is seen from one call to the next.
   */
  stalledForMs(nowMs: number): number {
    this.stall = stallOf(this.transport, this.backlog !== undefined, this.stall, nowMs);
    return this.stall ? nowMs - this.stall.sinceMs : 0;
  }

  /**
   * Skips what has waited longer than its event allows, and answers `overflow` where the event asks for the end of the
   * connection then. To be asked regularly.
   */
  skipTooOld(nowMs: number): EnqueueVerdict {
    return (this.backlog?.skipTooOld(nowMs) ?? true) ? 'queued' : 'overflow';
  }

  /** Takes no more. `deliver` hands what waits to the transport first, blocked or not; `drop` gives it up. */
  close(waiting: 'deliver' | 'drop'): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    if (waiting === 'deliver') {
      this.flushRun();
      this.backlog?.writeTo(this.transport, true);
    }
    for (const message of [...this.run.messages(), ...(this.held?.takeAll() ?? [])]) this.giveUp(message, 'closed');
    this.run = this.scheduler.emptyRun;
    this.backlog?.drop();
    this.backlog = undefined;
    this.held = undefined;
    this.relieve();
  }

  protected override takeWhole(span: BroadcastSpan): boolean {
    if (!this.isOpen || this.isTooSlow || this.held || this.backlog || span.isPartlyOver) return false;
    if (this.run.bytes + this.transport.bufferedBytes + span.bytes > this.scheduler.maxQueueBytes) return false;
    this.run = span.behind(this.run);
    return true;
  }

  /** Needs no turn of its own: the walk over all queues comes by. */
  protected override takeOne(message: OutgoingMessage): EnqueueVerdict {
    return this.offer(message, undefined);
  }

  protected override makeRoom(): void {
    if (!this.held && !this.transport.isBlocked) this.flushRun();
  }

  protected override get mostAtOnce(): number {
    return Math.min(WRITE_BYTES, this.scheduler.maxQueueBytes);
  }

  private offer(message: OutgoingMessage, lane: Lane | undefined): EnqueueVerdict {
    if (this.isTooSlow && this.isOpen) return 'overflow';
    const { held } = this;
    if (!held || !this.isOpen || (lane === Lane.Reply && !held.holdsReplies)) return this.append(message, lane);
    const { maxQueueBytes } = this.scheduler;
    return held.add(message, lane === Lane.Reply, maxQueueBytes, this.tracedBy) ? 'queued' : 'overflow';
  }

  private append(message: OutgoingMessage, lane: Lane | undefined): EnqueueVerdict {
    if (!this.isOpen) return 'closed';
    if (message.isOver) return 'expired';
    if (this.backlog) return pushBehind(this.backlog, message, this.transport.bufferedBytes, this.scheduler);
    if (!this.hasRoomFor(message)) return this.enqueueUnread(message);
    this.run = this.run.append(message);
    if (lane !== undefined) this.scheduler.schedule(this, lane);
    return 'queued';
  }

  private giveUp(message: OutgoingMessage, reason: DropReason): void {
    message.recordDropped(1, reason);
    this.tracedBy?.dropped(message, reason);
  }

  private flushRun(): void {
    const run = this.run;
    if (run.isEmpty) return;
    this.run = this.scheduler.emptyRun;
    if (this.transport.isBlocked) {
      this.openBacklog().setAside(run.messages());
      return;
    }
    const writes = run.writesIn(this.transport.format);
    const [only] = writes;
    if (writes.length === 1 && only) {
      this.transport.write(only.bytes);
      this.scheduler.recordTaken(run);
      this.tracedBy?.written(only.messages);
    } else {
      this.writeUntilBlocked(writes);
    }
  }

  private relieve(): void {
    const listener = this.reliefListener;
    this.reliefListener = undefined;
    listener?.();
  }

  private writeUntilBlocked(writes: readonly RunWrite[]): void {
    for (const { bytes, messages } of writes) {
      if (this.backlog || this.transport.isBlocked) {
        this.openBacklog().setAside(messages);
      } else {
        this.transport.write(bytes);
        this.scheduler.recordWritten(messages);
        this.tracedBy?.written(messages);
      }
    }
  }

  private openBacklog(): Backlog {
    if (this.backlog) return this.backlog;
    this.transport.onceDrained(() => this.drained());
    return (this.backlog = new Backlog(this.scheduler, this.tracedBy));
  }

  /** The transport holds all that may wait. Only a message that may be skipped has something else to hope for. */
  private enqueueUnread(message: OutgoingMessage): EnqueueVerdict {
    // The look for room has flushed, by which what waited may have moved to a backlog, or ended a poll.
    if (!this.isOpen) return 'closed';
    if (!this.backlog && !(message.shedding && this.transport.isBlocked)) return 'overflow';
    return pushBehind(this.openBacklog(), message, this.transport.bufferedBytes, this.scheduler);
  }

  private drained(): void {
    const backlog = this.backlog;
    if (!backlog) return;
    this.stall = undefined;
    backlog.writeTo(this.transport);
    // The last write may have ended the connection.
    if (this.backlog !== backlog) return;
    if (!backlog.isEmpty) {
      this.transport.onceDrained(() => this.drained());
      return;
    }
    backlog.drop();
    this.backlog = undefined;
    this.relieve();
  }

  /** Beside what waits already; a lone message always has room. */
  private hasRoomFor({ byteLength }: OutgoingMessage): boolean {
    const most = Math.max(0, this.scheduler.maxQueueBytes - byteLength);
    if (this.run.bytes + this.transport.bufferedBytes <= most) return true;
    // A burst within one turn of the event loop says nothing about the reader: give it what the transport takes now.
    this.flushRun();
    return this.isOpen && !this.backlog && this.transport.bufferedBytes <= most;
  }
}
