/**
 * The end of the process as its clients see it: nobody new is let in, everyone is told to come back and closed with
 * 1012 behind what was sent before, and who has not gone by the deadline is cut off. A client whose frame is being carried
 * out, or that is being brought up to date, has its turn when that is done.
 */
import type { Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import type { FlushScheduler } from '../core/flush-scheduler.js';
import type { OpenPipes } from '../core/open-pipes.js';
import type { UntakenAnswers } from '../core/untaken-answers.js';
import { CLOSE_CODES, CloseCode } from '../protocol/close-codes.js';
import { encodeFrame } from '../protocol/frame-encoder.js';
import { ServerEvent } from '../protocol/frames.js';
import type { DrainingData } from '../protocol/frames.js';
import type { HandshakeService } from './handshake.service.js';
import type { LivenessService } from './liveness.service.js';
import { MIN_RECONNECT_MS, ReturnWindow } from './return-window.js';
import type { SessionService } from './session.service.js';
import type { UpstreamService } from './upstream.service.js';

/** How the end is bounded. */
export interface DrainOptions {
  /** Longest time for connections to end when the application does, in milliseconds. @default 5_000 */
  readonly drainMs?: number;
  /**
   * Over how long clients are told to come back, each at a time of its own, in milliseconds. 0: 1 ms for each connection
   * and 3 s at least.
   * @default 0
   */
  readonly drainWindowMs?: number;
}

const MIN_WINDOW_MS = 3_000;
const WINDOW_MS_OF_A_CONNECTION = 1;
/** Connections closed between two turns of the event loop. */
const CLOSES_PER_TURN = 256;
const POLL_MS = 10;
/** The part of the time that frames and replays under way may take; the rest is for goodbyes. */
const SHARE_OF_WORK = 0.75;
const NOBODY: ReadonlySet<Connection> = new Set();

/** Who is connected of one tenant, and for whom something is under way. */
export interface DrainedSpace {
  readonly registry: Pick<ConnectionRegistry, 'all' | 'retired'>;
  readonly sessions: Pick<SessionService, 'isBusy'>;
}

/** What the end works with. */
export interface DrainParts {
  /** The tenants, and in each who is connected. */
  readonly spaces: { all(): Iterable<DrainedSpace> };
  readonly upstream: Pick<UpstreamService, 'isBusy'>;
  readonly pipes: Pick<OpenPipes, 'count'>;
  readonly untaken: Pick<UntakenAnswers, 'count'>;
  readonly scheduler: Pick<FlushScheduler, 'flushAll'>;
  readonly handshakes: Pick<HandshakeService, 'stopAccepting'>;
  readonly liveness: Pick<LivenessService, 'stop'>;
  readonly clock: Clock;
  readonly options: Required<DrainOptions>;
  /** From 0 up to but not including 1. @default Math.random */
  readonly random?: () => number;
}

/** Ends all connections in good order. */
export class DrainService {
  private draining = false;
  private finished: Promise<void> | undefined;

  constructor(private readonly parts: DrainParts) {}

  /** Whether the end has begun. */
  get isDraining(): boolean {
    return this.draining;
  }

  /** Lets nobody new in; those who are connected stay and still get what is sent. */
  begin(): void {
    if (this.draining) return;
    this.draining = true;
    const { handshakes, random = Math.random } = this.parts;
    handshakes.stopAccepting(new ReturnWindow(this.windowMsFor(this.connections().length), random()));
  }

  /**
   * Says goodbye to all, waits until they are gone or the time is over, and cuts off the rest. Once: an operator may have
   * asked for it before the application ends.
   */
  finish(): Promise<void> {
    return (this.finished ??= this.carryOut());
  }

  private async carryOut(): Promise<void> {
    const { clock, options } = this.parts;
    this.begin();
    this.parts.liveness.stop();
    this.parts.scheduler.flushAll();
    const startedAtMs = clock.now();
    const deadlineMs = startedAtMs + options.drainMs;
    await this.sayGoodbye(startedAtMs + options.drainMs * SHARE_OF_WORK, deadlineMs);
    while (!this.isOver && clock.now() < deadlineMs) await this.pause(POLL_MS);
    for (const connection of this.connections(true)) connection.transport.terminate();
  }

  /** Whether everyone has gone, with all that they were told. */
  private get isOver(): boolean {
    const { pipes, untaken, upstream } = this.parts;
    return pipes.count === 0 && untaken.count === 0 && !upstream.isBusy;
  }

  private async sayGoodbye(workEndsAtMs: number, deadlineMs: number): Promise<void> {
    let waiting = this.connections().filter(({ isOpen }) => isOpen);
    const leave = this.leaver(waiting.length, deadlineMs);
    while (waiting.length > 0) {
      const busy = this.parts.clock.now() < workEndsAtMs ? this.busyConnections() : NOBODY;
      // What comes from now on would be one frame more to wait for.
      for (const { transport } of busy) transport.pause();
      await leave(waiting.filter((connection) => !busy.has(connection)));
      waiting = waiting.filter((connection) => busy.has(connection));
      if (waiting.length > 0) await this.pause(POLL_MS);
    }
  }

  /** Has connections leave, of so many in all, each at a seat of its own; by the deadline they have to be gone. */
  private leaver(count: number, deadlineMs: number): (leaving: readonly Connection[]) => Promise<void> {
    const seatAtMs = this.seatsFor(count);
    let closed = 0;
    return async (leaving) => {
      for (const connection of leaving) {
        const nowMs = this.parts.clock.now();
        const seatInMs = seatAtMs(closed) - nowMs;
        if (!connection.isOpen) continue;
        const reconnectInMs = Math.max(MIN_RECONNECT_MS, Math.round(seatInMs));
        const data: DrainingData = { reconnectInMs };
        connection.reply(encodeFrame(ServerEvent.Draining, data));
        const goodbye = { reconnectInMs, withinMs: Math.max(0, deadlineMs - nowMs) };
        connection.close(CloseCode.ServiceRestart, CLOSE_CODES[CloseCode.ServiceRestart].reason, goodbye);
        if (++closed % CLOSES_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    };
  }

  /**
   * When each of so many is to be back, evenly over the window. Counted from now and not from when it is told, because
   * telling everyone takes its time.
   */
  private seatsFor(count: number): (index: number) => number {
    const { clock, random = Math.random } = this.parts;
    const windowMs = this.windowMsFor(count);
    const firstAtMs = clock.now() + MIN_RECONNECT_MS;
    // Of processes that end together each begins at a place of its own within the first gap.
    const offset = random();
    return (index) => firstAtMs + ((index + offset) * windowMs) / count;
  }

  private windowMsFor(count: number): number {
    return this.parts.options.drainWindowMs || Math.max(MIN_WINDOW_MS, count * WINDOW_MS_OF_A_CONNECTION);
  }

  private busyConnections(): ReadonlySet<Connection> {
    const busy = new Set<Connection>();
    for (const { registry, sessions } of this.parts.spaces.all()) {
      for (const connection of registry.all()) if (sessions.isBusy(connection)) busy.add(connection);
    }
    return busy;
  }

  /** Those of all tenants, at this moment. */
  private connections(withRetired = false): Connection[] {
    return [...this.parts.spaces.all()].flatMap(({ registry }) => [
      ...registry.all(),
      ...(withRetired ? registry.retired() : []),
    ]);
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, milliseconds);
    });
  }
}
