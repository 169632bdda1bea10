/**
 * The way to the other nodes, over Redis: one channel that all nodes hear and one for each of them, on which it is
 * answered. Who is alive says the leases; who was cut off finds what it must not miss among the kept requests.
 *
 * A frame is carried out if its seal is good, it is of this version, was said not long ago by the clock of Redis, and
 * its id is new. Everything else is dropped and counted, so that whoever can write to Redis can at most be a nuisance.
 * A kept request is older, but its age is sealed too, and the handler is told of it.
 *
 * The connections belong to the backing, which keeps them alive and reconnects them. Each time the subscriber is back
 * this node joins anew: subscribe, lease, then the kept requests of the time away, so that nothing can fall in between.
 */
import { randomBytes } from 'node:crypto';
import type { Cancel, Clock } from '../../core/clock.js';
import { PushError, isPassing } from '../../core/push-error.js';
import type { NodeAnswers, NodeHandler, NodeLink, NodeMessage, Question } from '../node-link.interface.js';
import { FrameGate } from './frame-gate.js';
import type { DropReason } from './frame-gate.js';
import { HeldRequests } from './held-requests.js';
import { KeptRequests } from './kept-requests.js';
import { isRequest } from './node-frames.js';
import type { NodeFrame, RequestFrame } from './node-frames.js';
import { LEASE_REFRESH_MS, NodeLease, ROSTER_CACHE_MS } from './node-lease.js';
import { OpenQuestions } from './open-questions.js';
import type { RedisConnections } from './redis-connections.js';
import type { LineOwner, RedisLine } from './redis-line.js';
import type { FrameSeal } from './sealed-frame.js';

/** What a link works with. */
export interface RedisNodeLinkParts {
  readonly connections: RedisConnections;
  readonly nodeId: string;
  /** Before the names of keys and channels, such as `push:{shop}`. */
  readonly prefix: string;
  /** The seal with the secret of the cluster; asked for anew each time this node joins. */
  readonly seal: () => Promise<FrameSeal>;
  readonly clock: Clock;
  /** Hears what went wrong while carrying out a request. */
  readonly onFailure: (cause: unknown) => void;
  /** Hears that the others count this node as alive, when they did not before. */
  readonly onJoined?: () => void;
}

/** How long a subscriber may have been deaf before it was found to be. */
const DEAF_MS = 15_000;
const JOIN_RETRY_MS = 100;
const MAX_OPEN_QUESTIONS = 10_000;

/** Nodes that share one Redis. */
export class RedisNodeLink implements NodeLink, LineOwner {
  readonly nodeId: string;
  private readonly lease: NodeLease;
  private readonly kept: KeptRequests;
  private readonly questions: OpenQuestions;
  private readonly gate: FrameGate;
  private readonly channel: string;
  private readonly allChannel: string;
  private readonly startedAtMs = performance.now();
  private handler: NodeHandler = () => undefined;
  /** Until when this node has certainly heard everything, by the clock of Redis. */
  private heardUntilMs: number | undefined;
  /** Since when the others have counted this node as alive, by the clock of Redis. */
  private aliveSinceMs = Number.POSITIVE_INFINITY;
  private joinCount = 0;
  private hasJoined = false;
  /** How many frames had been too old to be listened to when this node had caught up last. */
  private droppedBefore = 0;
  private isClosed = false;
  private cancelRetry: Cancel | undefined;
  private readonly held = new HeldRequests();
  private readonly cancelRefresh: Cancel;
  private readonly line: RedisLine;
  private readonly leaveLine: Cancel;

  constructor(private readonly parts: RedisNodeLinkParts) {
    const { connections, nodeId, prefix, clock } = parts;
    this.nodeId = nodeId;
    this.lease = new NodeLease(connections.commands, `${prefix}:nodes`, nodeId);
    this.kept = new KeptRequests(connections, `${prefix}:kept`);
    this.gate = new FrameGate(() => this.lease.redisNow());
    this.questions = new OpenQuestions(clock);
    this.channel = `${prefix}:node:${nodeId}`;
    this.allChannel = `${prefix}:node`;
    this.line = connections.lineOf(prefix);
    this.leaveLine = this.line.follow(this);
    this.cancelRefresh = clock.every(LEASE_REFRESH_MS, () => void this.refresh());
  }

  onLineReady(): void {
    void this.join();
  }

  onLineLost(): void {
    this.joinCount++;
    this.hasJoined = false;
    this.held.release();
    this.cancelRetry?.();
    this.questions.interrupt();
  }

  whenCaughtUp(): Promise<void> | undefined {
    return this.held.whenReleased();
  }

  get nodeCount(): number {
    return this.isJoined ? this.lease.otherNodes.size + 1 : 0;
  }

  /** Those that were alive when they were in reach last, this one counted. */
  get lastNodeCount(): number {
    return this.lease.otherNodes.size + 1;
  }

  /** The other nodes that are alive at this moment. Rejects where Redis does not answer. */
  listAlive(): Promise<ReadonlySet<string>> {
    this.lease.forgetList();
    return this.lease.aliveOthers();
  }

  /** Frames that were dropped since the start, by reason. */
  get dropped(): Readonly<Record<DropReason, number>> {
    return { ...this.gate.drops };
  }

  handle(handler: NodeHandler, onUnknown = () => {}): void {
    this.handler = handler;
    this.gate.onUnknown = onUnknown;
  }

  async ask(message: NodeMessage, question: Question): Promise<NodeAnswers> {
    this.assertReachable();
    const frame = { type: 'ask', ...this.stamp(), ...message } as const;
    const opened = this.questions.begin(frame.id, question);
    try {
      const [listeners, asked] = await Promise.all([this.say(frame, question.keepMs), this.lease.aliveOthers()]);
      // This node listens too.
      opened.sent(asked, listeners - 1);
    } catch (cause) {
      opened.end();
      throw unreachable(cause);
    }
    return opened.outcome;
  }

  async tell(message: NodeMessage, keepMs?: number): Promise<void> {
    this.assertReachable();
    try {
      await this.say({ type: 'tell', ...this.stamp(), ...message }, keepMs);
    } catch (cause) {
      throw unreachable(cause);
    }
  }

  /** Says goodbye where that is possible and stops listening. The connections are left open. */
  async close(): Promise<void> {
    const wasJoined = this.isJoined;
    this.isClosed = true;
    this.cancelRefresh();
    this.onLineLost();
    this.questions.endAll();
    this.leaveLine();
    for (const channel of [this.channel, this.allChannel]) this.line.unsubscribe(channel);
    if (wasJoined) await Promise.allSettled([this.lease.release(), this.sayRoster()]);
  }

  private get isJoined(): boolean {
    return this.hasJoined && this.lease.isHeld;
  }

  private async join(): Promise<void> {
    const count = ++this.joinCount;
    this.cancelRetry?.();
    this.held.begin();
    try {
      // First of all, so that this node is told of changes from before the log is followed on the same line.
      const hear = (channel: string) => this.line.subscribe(channel, (bytes) => this.receive(channel, bytes));
      await Promise.all([this.channel, this.allChannel].map(hear));
      if (count !== this.joinCount) return;
      this.gate.seal = await this.parts.seal();
      if (count !== this.joinCount) return;
      await this.takeLease();
      if (count !== this.joinCount) return;
      await this.catchUp();
      if (count !== this.joinCount) return;
      this.hasJoined = true;
      this.parts.onJoined?.();
      await this.sayRoster();
    } catch {
      // Out of reach again. A new connection joins by itself; on this one it is tried once more.
      if (count !== this.joinCount || this.isClosed) return;
      this.cancelRetry = this.parts.clock.after(JOIN_RETRY_MS, () => void this.join());
    }
  }

  private async refresh(): Promise<void> {
    try {
      const lapsed = await this.takeLease();
      if (!this.hasJoined) return;
      // This process may have stood still for so long that what waited for it was too old to be listened to.
      if (lapsed) {
        this.parts.onJoined?.();
        await this.catchUp();
      } else this.heardUntilMs = this.lease.redisNow();
    } catch {
      // The next one may get through; until then the lease runs out.
    }
  }

  /** Gives the sign of life. Whether the others did not count this node as alive before. */
  private async takeLease(): Promise<boolean> {
    const lapsed = !this.lease.isHeld;
    await this.lease.refresh();
    if (lapsed) this.aliveSinceMs = this.lease.redisNow();
    return lapsed;
  }

  /** Carries out what was kept for this node while it could not hear, oldest first. */
  private async catchUp(): Promise<void> {
    const nowMs = this.lease.redisNow();
    const fromMs = this.heardUntilMs ?? nowMs - (performance.now() - this.startedAtMs);
    const count = this.joinCount;
    for await (const text of this.kept.since(fromMs - DEAF_MS)) {
      if (count !== this.joinCount) return;
      const frame = this.gate.open(this.allChannel, Buffer.from(text));
      if (frame && isRequest(frame) && this.gate.isNew(frame)) void this.carryOut(frame, true);
    }
    if (count !== this.joinCount) return;
    this.heardUntilMs = nowMs;
    for (const frame of this.held.release()) if (this.gate.isNew(frame)) void this.carryOut(frame, true);
    this.droppedBefore = this.gate.drops.stale;
  }

  private receive(channel: string, bytes: Buffer): void {
    // Before the secret is known nothing can be opened; what was kept is caught up with when it is.
    if (!this.gate.seal) return;
    const frame = this.gate.open(channel, bytes);
    if (!frame || frame.from === this.nodeId || !this.gate.isFresh(frame)) return;
    if ((isRequest(frame) && this.held.take(frame)) || !this.gate.isNew(frame)) return;
    // Where that fails, the next refresh lists them.
    if (frame.type === 'roster') void this.listAlive().catch(() => {});
    else if (isRequest(frame)) void this.carryOut(frame, false);
    else this.questions.answered(frame.to, frame.from, frame.hasFailed ? undefined : frame);
  }

  private async carryOut(frame: RequestFrame, hasWaited: boolean): Promise<void> {
    const { type, id, from, atMs, operation, payload } = frame;
    if (from === this.nodeId) return;
    let answer: unknown;
    try {
      const ageMs = Math.max(0, this.lease.redisNow() - atMs);
      // Others may ask those alone whom they have on a list of a moment ago.
      const wasAlive = this.lease.isHeld && atMs >= this.aliveSinceMs + ROSTER_CACHE_MS;
      const wasDropped = hasWaited && this.gate.drops.stale > this.droppedBefore;
      answer = await this.handler({ operation, payload }, { ageMs, hasWaited, wasDropped, wasAlive });
      if (answer === undefined) this.gate.drop('operation');
    } catch (cause) {
      if (!isPassing(cause)) this.parts.onFailure(cause);
    }
    if (type === 'tell') return;
    const reply = { type: 'answer', ...this.stamp(), to: id, answer, hasFailed: answer === undefined } as const;
    // Who asked takes silence for what it is.
    await this.sayOn(this.channelOf(from), reply).catch(() => {});
  }

  private stamp(): { readonly id: string; readonly from: string; readonly atMs: number } {
    return { id: randomBytes(12).toString('base64url'), from: this.nodeId, atMs: Math.round(this.lease.redisNow()) };
  }

  private async say(frame: NodeFrame, keepMs: number | undefined): Promise<number> {
    if (keepMs === undefined) return this.sayOn(this.allChannel, frame);
    return this.kept.say(this.allChannel, this.sealed(this.allChannel, frame), keepMs);
  }

  private async sayOn(channel: string, frame: NodeFrame): Promise<number> {
    return this.parts.connections.publish(channel, this.sealed(channel, frame));
  }

  private async sayRoster(): Promise<void> {
    await this.sayOn(this.allChannel, { type: 'roster', ...this.stamp() });
  }

  private sealed(channel: string, frame: NodeFrame): string {
    if (!this.gate.seal) throw unreachable();
    return this.gate.seal.seal(channel, JSON.stringify(frame));
  }

  private channelOf(nodeId: string): string {
    return `${this.parts.prefix}:node:${nodeId}`;
  }

  private assertReachable(): void {
    if (!this.isJoined || this.questions.size >= MAX_OPEN_QUESTIONS) throw unreachable();
  }
}

function unreachable(cause?: unknown): PushError {
  return new PushError('PUSH_ERR_UNAVAILABLE', 'the other nodes cannot be reached', { retryAfterMs: 1_000, cause });
}
