/**
 * Frames that clients send by request because they have no WebSocket: carried out like those of one, by the same
 * handlers under the same limits, in order, and answered with the reply.
 *
 * A request that names a stream of its caller speaks for that connection, on whichever node that is. One that names
 * none speaks for the user, and its frames wait in the queue of an {@link UpstreamCaller}.
 */
import type { Cancel, Clock } from '../core/clock.js';
import { accountOf } from '../core/principal.js';
import type { Principal } from '../core/principal.js';
import { ErrorCode } from '../protocol/error-codes.js';
import { encodeError } from '../protocol/frame-encoder.js';
import type { FrameFailure, ParsedFrame } from '../protocol/frame-parser.js';
import type { Admission } from './admission.js';
import type { AdmissionOptions } from './handshake-parts.js';
import type { InboundOptions } from './inbound-queue.js';
import { askNodes } from './node-questions.js';
import type { NodeOperations } from './node-questions.js';
import { Refusals } from './refusal.js';
import type { Refusal } from './refusal.js';
import { refOf, replyWithout } from './stream-frames.js';
import type { TenantSpace } from './tenant-space.js';
import { UpstreamCaller } from './upstream-caller.js';
import type { CallerParts } from './upstream-caller.js';

/** How requests with a frame are bounded. */
export interface UpstreamOptions {
  /** Longest time from such a request to its answer in milliseconds; past it `internal`. @default 30_000 */
  readonly upstreamTimeoutMs?: number;
}

/** What requests with a frame work with. */
export interface UpstreamParts extends Omit<CallerParts, 'frames'> {
  readonly spaces: { enter(tenant: string | undefined): UpstreamSpace };
  readonly clock: Clock;
  readonly options: Required<InboundOptions & AdmissionOptions & UpstreamOptions>;
}

/** The space of a caller's tenant, as far as its frames go. */
export type UpstreamSpace = Pick<TenantSpace, 'streams' | 'nodes' | 'frames' | 'leave'>;

/** Where a request with a frame stands. */
export interface UpstreamCall {
  /** Its frame is here. The answer is the reply envelope as text, and comes once. */
  carryOut(parsed: ParsedFrame | FrameFailure, connectionId: string | undefined, answer: (text: string) => void): void;
  /** The request was answered, or its client has left. */
  end(): void;
}

/** How long a caller is kept after its last frame. */
const CALLER_IDLE_MS = 60_000;
const SWEEP_INTERVAL_MS = 10_000;

/** Carries out the frames of requests. */
export class UpstreamService {
  /** By account, each in the space of its tenant, which is kept for it. */
  private readonly callers = new Map<string, KeptCaller>();
  private readonly callsOfUser = new Map<string, number>();
  private calls = 0;
  private framesUnderWay = 0;
  private cancelSweep: Cancel | undefined;

  constructor(private readonly parts: UpstreamParts) {}

  /** Whether a frame is being carried out. */
  get isBusy(): boolean {
    return this.framesUnderWay > 0;
  }

  /** Takes a place among the requests under way before anything of the frame is read. `onTimeout`: it took too long. */
  begin({ principal, address }: Admission, onTimeout: () => void): UpstreamCall | Refusal {
    const { options, clock } = this.parts;
    const account = accountOf(principal);
    const ofUser = this.callsOfUser.get(account) ?? 0;
    if (this.calls >= options.maxConnections) return Refusals.serverFull('too many requests are under way');
    if (ofUser >= options.maxPerUser) return Refusals.userLimit('too many requests are under way');
    this.calls++;
    this.callsOfUser.set(account, ofUser + 1);
    const call: Call = new Call(this, principal, address, () => cancel());
    const cancel = clock.after(options.upstreamTimeoutMs, () => {
      call.giveUp();
      onTimeout();
    });
    return call;
  }

  /** Ends the callers that are kept, with the application. */
  stop(): void {
    for (const account of this.callers.keys()) this.drop(account);
    this.cancelSweep?.();
    this.cancelSweep = undefined;
  }

  /** The frame of a call is here; for the calls themselves. */
  began(): void {
    this.framesUnderWay++;
  }

  /** The place of a call is free; for the calls themselves. */
  ended(principal: Principal, hadBegun: boolean): void {
    this.calls--;
    if (hadBegun) this.framesUnderWay--;
    const account = accountOf(principal);
    const left = (this.callsOfUser.get(account) ?? 1) - 1;
    if (left > 0) this.callsOfUser.set(account, left);
    else this.callsOfUser.delete(account);
  }

  /**
   * A frame has waited its whole time; for the calls themselves. Where nothing of its user was done meanwhile, a handler
   * hangs that may never end, and the frames to come are not to wait for it.
   */
  giveUp(principal: Principal, caller: UpstreamCaller, offeredAtMs: number): void {
    const account = accountOf(principal);
    const isLive = this.callers.get(account)?.caller === caller;
    if (isLive && caller.lastUsedAtMs <= offeredAtMs) this.drop(account);
  }

  /** The time that it is for callers. */
  now(): number {
    return this.parts.clock.now();
  }

  /** Carries a frame out for the caller's own stream, wherever it is; for the calls themselves. */
  async carryOutFor(principal: Principal, connectionId: string, parsed: ParsedFrame | FrameFailure): Promise<string> {
    const space = this.parts.spaces.enter(principal.tenant);
    try {
      const reply = await this.replyOfStream(space, { userId: principal.userId, connectionId, parsed });
      return reply ?? encodeError(ErrorCode.Forbidden, 'Push-Connection names no stream of yours', refOf(parsed));
    } finally {
      space.leave();
    }
  }

  /** Who speaks for a user that names no stream; for the calls themselves. */
  callerOf(principal: Principal, address: string): UpstreamCaller {
    const account = accountOf(principal);
    const known = this.callers.get(account);
    if (known) return known.caller;
    this.makeRoom();
    const space = this.parts.spaces.enter(principal.tenant);
    const parts = { ...this.parts, frames: space.frames };
    const caller = new UpstreamCaller(parts, principal, address, () => this.forget(account));
    this.callers.set(account, { caller, space });
    this.cancelSweep ??= this.parts.clock.every(SWEEP_INTERVAL_MS, () => this.sweep());
    return caller;
  }

  private async replyOfStream(
    { streams, nodes }: UpstreamSpace,
    asked: NodeOperations['frame']['asks'],
  ): Promise<string | undefined> {
    const stream = streams.find(asked.userId, asked.connectionId);
    if (stream) return streams.carryOut(stream, asked.parsed);
    if (nodes.nodeCount === 1) return undefined;
    const withinMs = this.parts.options.upstreamTimeoutMs;
    const { answers } = await askNodes(nodes, 'frame', asked, { withinMs, isEnough: (reply) => reply !== null });
    return answers.find((answer) => answer !== null);
  }

  private sweep(): void {
    const idleSinceMs = this.parts.clock.now() - CALLER_IDLE_MS;
    for (const [account, { caller }] of this.callers) {
      if (!caller.isBusy && caller.lastUsedAtMs <= idleSinceMs) this.drop(account);
    }
    if (this.callers.size > 0) return;
    this.cancelSweep?.();
    this.cancelSweep = undefined;
  }

  /** As many as there may be connections; those under way are bounded by the same number. */
  private makeRoom(): void {
    if (this.callers.size < this.parts.options.maxConnections) return;
    for (const [account, { caller }] of this.callers) {
      if (caller.isBusy) continue;
      this.drop(account);
      return;
    }
  }

  private drop(account: string): void {
    const caller = this.callers.get(account)?.caller;
    this.forget(account);
    caller?.end();
  }

  private forget(account: string): void {
    const space = this.callers.get(account)?.space;
    this.callers.delete(account);
    space?.leave();
  }
}

interface KeptCaller {
  readonly caller: UpstreamCaller;
  readonly space: UpstreamSpace;
}

/** One request with a frame. */
class Call implements UpstreamCall {
  private answer: ((text: string) => void) | undefined;
  private hasBegun = false;
  private hasReplied = false;
  private hasEnded = false;
  /** Who carries the frame out, and since when it is there. */
  private offered: { readonly caller: UpstreamCaller; readonly atMs: number } | undefined;

  constructor(
    private readonly service: UpstreamService,
    private readonly principal: Principal,
    private readonly address: string,
    private readonly cancelTimeout: Cancel,
  ) {}

  carryOut(parsed: ParsedFrame | FrameFailure, connectionId: string | undefined, answer: (text: string) => void): void {
    if (this.hasEnded) return;
    this.hasBegun = true;
    this.service.began();
    this.answer = answer;
    if (connectionId === undefined) this.carryOutAlone(parsed);
    else void this.carryOutFor(connectionId, parsed);
  }

  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.answer = undefined;
    this.cancelTimeout();
    this.service.ended(this.principal, this.hasBegun);
  }

  /** The time of the request is over. */
  giveUp(): void {
    if (this.offered) this.service.giveUp(this.principal, this.offered.caller, this.offered.atMs);
  }

  private carryOutAlone(parsed: ParsedFrame | FrameFailure): void {
    const caller = this.service.callerOf(this.principal, this.address);
    this.offered = { caller, atMs: this.service.now() };
    const done = () => this.reply(replyWithout(parsed, caller));
    caller.offer(this.principal, parsed, { reply: (text) => this.reply(text), done });
  }

  private async carryOutFor(connectionId: string, parsed: ParsedFrame | FrameFailure): Promise<void> {
    try {
      this.reply(await this.service.carryOutFor(this.principal, connectionId, parsed));
    } catch {
      this.reply(encodeError(ErrorCode.Internal, 'the other nodes cannot be reached', refOf(parsed)));
    }
  }

  /** The first reply is the answer, if anyone waits for it still. */
  private reply(text: string): void {
    if (this.hasReplied) return;
    this.hasReplied = true;
    const { answer } = this;
    this.end();
    answer?.(text);
  }
}
