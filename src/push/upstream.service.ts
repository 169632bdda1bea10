/**
 * Frames that clients send by request because they have no WebSocket: carried out like those of one, by the same
 * handlers under the same limits, in order, and answered with the reply.
 *
 * A request that names a stream of its caller speaks for that connection, on whichever node that is. One that names none speaks for the user, and
 * its frames wait in the queue of an {@link UpstreamCaller}.
 */
import type { Cancel, Clock } from '../core/clock.js';
import type { NodeLink } from '../backing/node-link.interface.js';
import type { Principal } from '../core/principal.js';
import { ErrorCode } from '../protocol/error-codes.js';
import { encodeError } from '../protocol/frame-encoder.js';
import type { FrameFailure, ParsedFrame } from '../protocol/frame-parser.js';
import type { Admission } from './admission.js';
import type { AdmissionOptions } from './handshake.service.js';
import type { InboundOptions } from './inbound-queue.js';
import { askNodes } from './node-questions.js';
import { Refusals } from './refusal.js';
import type { Refusal } from './refusal.js';
import { refOf, replyWithout } from './stream-frames.js';
import type { StreamFrames } from './stream-frames.js';
import { UpstreamCaller } from './upstream-caller.js';
import type { CallerParts } from './upstream-caller.js';

/** How requests with a frame are bounded. */
export interface UpstreamOptions {
  /** Longest time from such a request to its answer in milliseconds; past it `internal`. @default 30_000 */
  readonly upstreamTimeoutMs?: number;
}

/** What requests with a frame work with. */
export interface UpstreamParts extends CallerParts {
  readonly streams: StreamFrames;
  readonly nodes: NodeLink;
  readonly clock: Clock;
  readonly options: Required<InboundOptions & AdmissionOptions & UpstreamOptions>;
}

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
  private readonly callers = new Map<string, UpstreamCaller>();
  private readonly callsOfUser = new Map<string, number>();
  private calls = 0;
  private cancelSweep: Cancel | undefined;

  constructor(private readonly parts: UpstreamParts) {}

  /** Takes a place among the requests under way before anything of the frame is read. `onTimeout`: it took too long. */
  begin({ principal, address }: Admission, onTimeout: () => void): UpstreamCall | Refusal {
    const { options, clock } = this.parts;
    const { userId } = principal;
    const ofUser = this.callsOfUser.get(userId) ?? 0;
    if (this.calls >= options.maxConnections) return Refusals.serverFull('too many requests are under way');
    if (ofUser >= options.maxPerUser) return Refusals.userLimit('too many requests are under way');
    this.calls++;
    this.callsOfUser.set(userId, ofUser + 1);
    const cancel = clock.after(options.upstreamTimeoutMs, onTimeout);
    return new Call(this, principal, address, cancel);
  }

  /** Ends the callers that are kept, with the application. */
  stop(): void {
    for (const caller of this.callers.values()) caller.end();
    this.callers.clear();
    this.cancelSweep?.();
    this.cancelSweep = undefined;
  }

  /** The place of a call is free; for the calls themselves. */
  ended({ userId }: Principal): void {
    this.calls--;
    const left = (this.callsOfUser.get(userId) ?? 1) - 1;
    if (left > 0) this.callsOfUser.set(userId, left);
    else this.callsOfUser.delete(userId);
  }

  /** Carries a frame out for the caller's own stream, wherever it is; for the calls themselves. */
  async carryOutFor({ userId }: Principal, connectionId: string, parsed: ParsedFrame | FrameFailure): Promise<string> {
    const { streams, nodes, options } = this.parts;
    const stream = streams.find(userId, connectionId);
    if (stream) return streams.carryOut(stream, parsed);
    if (nodes.nodeCount !== 1) {
      const question = { withinMs: options.upstreamTimeoutMs, isEnough: (reply: string | null) => reply !== null };
      const { answers } = await askNodes(nodes, 'frame', { userId, connectionId, parsed }, question);
      const reply = answers.find((answer) => answer !== null);
      if (reply) return reply;
    }
    return encodeError(ErrorCode.Forbidden, 'Push-Connection names no stream of yours', refOf(parsed));
  }

  /** Who speaks for a user that names no stream; for the calls themselves. */
  callerOf(principal: Principal, address: string): UpstreamCaller {
    const { userId } = principal;
    const known = this.callers.get(userId);
    if (known) return known;
    const forget = () => void this.callers.delete(userId);
    const caller = new UpstreamCaller(this.parts, principal, address, forget);
    this.makeRoom();
    this.callers.set(userId, caller);
    this.cancelSweep ??= this.parts.clock.every(SWEEP_INTERVAL_MS, () => this.sweep());
    return caller;
  }

  private sweep(): void {
    const idleSinceMs = this.parts.clock.now() - CALLER_IDLE_MS;
    for (const [userId, caller] of this.callers) {
      if (!caller.isBusy && caller.lastUsedAtMs <= idleSinceMs) this.drop(userId, caller);
    }
    if (this.callers.size > 0) return;
    this.cancelSweep?.();
    this.cancelSweep = undefined;
  }

  /** As many as there may be connections; those under way are bounded by the same number. */
  private makeRoom(): void {
    if (this.callers.size < this.parts.options.maxConnections) return;
    for (const [userId, caller] of this.callers) {
      if (caller.isBusy) continue;
      this.drop(userId, caller);
      return;
    }
  }

  private drop(userId: string, caller: UpstreamCaller): void {
    this.callers.delete(userId);
    caller.end();
  }
}

/** One request with a frame. */
class Call implements UpstreamCall {
  private answer: ((text: string) => void) | undefined;
  private hasReplied = false;
  private hasEnded = false;

  constructor(
    private readonly service: UpstreamService,
    private readonly principal: Principal,
    private readonly address: string,
    private readonly cancelTimeout: Cancel,
  ) {}

  carryOut(parsed: ParsedFrame | FrameFailure, connectionId: string | undefined, answer: (text: string) => void): void {
    if (this.hasEnded) return;
    this.answer = answer;
    if (connectionId === undefined) this.carryOutAlone(parsed);
    else void this.carryOutFor(connectionId, parsed);
  }

  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.answer = undefined;
    this.cancelTimeout();
    this.service.ended(this.principal);
  }

  private carryOutAlone(parsed: ParsedFrame | FrameFailure): void {
    const caller = this.service.callerOf(this.principal, this.address);
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
