/**
 * The end of the process as its clients see it: nobody new is let in, everyone is told to come back and closed with
 * 1012 behind what was sent before, and who has not gone by the deadline is cut off.
 */
import type { Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import type { FlushScheduler } from '../core/flush-scheduler.js';
import type { OpenPipes } from '../core/open-pipes.js';
import { CLOSE_CODES, CloseCode } from '../protocol/close-codes.js';
import { encodeFrame } from '../protocol/frame-encoder.js';
import { ServerEvent } from '../protocol/frames.js';
import type { DrainingData } from '../protocol/frames.js';
import type { HandshakeService } from './handshake.service.js';
import type { LivenessService } from './liveness.service.js';
import type { TenantSpaces } from './tenant-spaces.js';

/** How the end is bounded. */
export interface DrainOptions {
  /** Longest time for connections to end when the application does, in milliseconds. @default 5_000 */
  readonly drainMs?: number;
}

/**
 * Clients that come back do so spread over this window. It has a floor because an event source keeps the time: without
 * one it could knock every few milliseconds for as long as the server is away.
 */
const MIN_RECONNECT_MS = 1_000;
const RECONNECT_WINDOW_MS = 3_000;
/** Connections closed between two turns of the event loop. */
const CLOSES_PER_TURN = 256;
const POLL_MS = 10;

/** What the end works with. */
export interface DrainParts {
  readonly spaces: Pick<TenantSpaces, 'all'>;
  readonly pipes: OpenPipes;
  readonly scheduler: FlushScheduler;
  readonly handshakes: HandshakeService;
  readonly liveness: LivenessService;
  readonly clock: Clock;
  readonly options: Required<DrainOptions>;
}

/** Ends all connections in good order. */
export class DrainService {
  private draining = false;

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

  /** Says goodbye to all, waits until they are gone or the time is over, and cuts off the rest. */
  async finish(): Promise<void> {
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
    let closed = 0;
    for (const connection of this.connections()) {
      if (!connection.isOpen) continue;
      const reconnectInMs = MIN_RECONNECT_MS + Math.floor(Math.random() * RECONNECT_WINDOW_MS);
      const data: DrainingData = { reconnectInMs };
      connection.reply(encodeFrame(ServerEvent.Draining, data));
      connection.close(CloseCode.ServiceRestart, CLOSE_CODES[CloseCode.ServiceRestart].reason, reconnectInMs);
      if (++closed % CLOSES_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
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
