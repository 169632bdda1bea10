/**
 * The end of the process as its clients see it: nobody new is let in, everyone is told to come back and closed with
 * 1012 behind what was sent before, and who has not gone by the deadline is cut off.
 */
import type { Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import type { FlushScheduler } from '../core/flush-scheduler.js';
import type { OpenPipes } from '../core/open-pipes.js';
import { CLOSE_CODES, CloseCode } from '../protocol/close-codes.js';
import { encodeFrame } from '../protocol/frame-encoder.js';
import { ServerEvent } from '../protocol/frames.js';
import type { DrainingData } from '../protocol/frames.js';
import type { HandshakeService } from './handshake.service.js';
import type { LivenessService } from './liveness.service.js';

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

/**
 * Nobody is told to come back sooner: an event source keeps the time, and could otherwise knock every few milliseconds
 * for as long as the server is away.
 */
const MIN_RECONNECT_MS = 1_000;
const MIN_WINDOW_MS = 3_000;
const WINDOW_MS_OF_A_CONNECTION = 1;
/** Connections closed between two turns of the event loop. */
const CLOSES_PER_TURN = 256;
const POLL_MS = 10;

/** What the end works with. */
export interface DrainParts {
  /** The tenants, and in each who is connected. */
  readonly spaces: { all(): Iterable<{ readonly registry: Pick<ConnectionRegistry, 'all' | 'retired'> }> };
  readonly pipes: Pick<OpenPipes, 'count'>;
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
    this.draining = true;
    this.parts.handshakes.stopAccepting();
  }

  /**
   * Says goodbye to all, waits until they are gone or the time is over, and cuts off the rest. Once: an operator may have
   * asked for it before the application ends.
   */
  finish(): Promise<void> {
    return (this.finished ??= this.carryOut());
  }

  private async carryOut(): Promise<void> {
    const { pipes } = this.parts;
    this.begin();
    this.parts.liveness.stop();
    this.parts.scheduler.flushAll();
    const deadlineMs = this.parts.clock.now() + this.parts.options.drainMs;
    await this.sayGoodbye();
    while (pipes.count > 0 && this.parts.clock.now() < deadlineMs) await this.pause(POLL_MS);
    for (const connection of this.connections(true)) connection.transport.terminate();
  }

  private async sayGoodbye(): Promise<void> {
    const open = this.connections().filter(({ isOpen }) => isOpen);
    const seatAtMs = this.seatsFor(open.length);
    let closed = 0;
    for (const connection of open) {
      const seatInMs = seatAtMs(closed) - this.parts.clock.now();
      if (!connection.isOpen) continue;
      const reconnectInMs = Math.max(MIN_RECONNECT_MS, Math.round(seatInMs));
      const data: DrainingData = { reconnectInMs };
      connection.reply(encodeFrame(ServerEvent.Draining, data));
      connection.close(CloseCode.ServiceRestart, CLOSE_CODES[CloseCode.ServiceRestart].reason, reconnectInMs);
      if (++closed % CLOSES_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /**
   * When each of so many is to be back, evenly over the window. Counted from now and not from when it is told, because
   * telling everyone takes its time.
   */
  private seatsFor(count: number): (index: number) => number {
    const { clock, options, random = Math.random } = this.parts;
    const windowMs = options.drainWindowMs || Math.max(MIN_WINDOW_MS, count * WINDOW_MS_OF_A_CONNECTION);
    const firstAtMs = clock.now() + MIN_RECONNECT_MS;
    // Of processes that end together each begins at a place of its own within the first gap.
    const offset = random();
    return (index) => firstAtMs + ((index + offset) * windowMs) / count;
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
