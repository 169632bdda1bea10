import type { Clock } from '../core/clock.js';
import { Connection } from '../core/connection.js';
import { newConnectionId } from '../core/connection-id.js';
import type { FlushScheduler } from '../core/flush-scheduler.js';
import type { WireFormat } from '../core/wire-format.js';
import type { Principal } from '../core/principal.js';
import type { Transport } from '../core/transport.interface.js';
import { ErrorCode } from '../protocol/error-codes.js';
import { encodeError } from '../protocol/frame-encoder.js';
import type { FrameFailure, ParsedFrame } from '../protocol/frame-parser.js';
import { ClientEvent } from '../protocol/frames.js';
import type { ClientFrame } from '../protocol/frames.js';
import { isReservedEvent } from '../protocol/names.js';
import type { FrameService } from './frame.service.js';
import type { Reply } from './host-handlers.interface.js';
import { InboundQueue } from './inbound-queue.js';
import type { InboundOptions, ReplySink } from './inbound-queue.js';

/** What callers work with. */
export interface CallerParts {
  readonly frames: FrameService;
  readonly scheduler: FlushScheduler;
  readonly clock: Clock;
  readonly options: Required<InboundOptions>;
}

/** What only makes sense for a connection that goes on: a group is joined by one, a token is its own. */
const NEEDS_CONNECTION: ReadonlySet<string> = new Set([ClientEvent.Join, ClientEvent.Leave, ClientEvent.Auth]);

/** Takes everything and keeps nothing: there is no way to a client but the answer to its request. */
const nowhere: Transport = {
  name: 'poll',
  format: { encode: () => Buffer.alloc(0) } satisfies WireFormat,
  isBlocked: false,
  bufferedBytes: 0,
  answersProbes: false,
  write() {},
  onceDrained() {},
  probe() {},
  pause() {},
  resume() {},
  close() {},
  terminate() {},
};

/**
 * A user who sends frames without a stream: to the host's handlers a connection like any other, kept while requests
 * come, so that they are not told of a new one with each. Messages do not reach it; it is in no routing table.
 */
export class UpstreamCaller {
  /** When its last frame was done, milliseconds since the Unix epoch. */
  lastUsedAtMs: number;
  private readonly connection: Connection;
  private readonly inbound: InboundQueue;
  private underWay = 0;
  private hasFace = false;

  constructor(
    private readonly parts: CallerParts,
    principal: Principal,
    address: string,
    /** One of the handlers has closed it. */
    onClosedByHost: () => void,
  ) {
    const { clock, scheduler, options } = parts;
    const nowMs = clock.now();
    const onClosed = () => {
      this.forgetFace();
      onClosedByHost();
    };
    const init = { id: newConnectionId(), principal, transport: nowhere, address, serial: 0, nowMs, onClosed };
    this.connection = new Connection(init, scheduler);
    const frames = { handle: this.handle, admit: (caller: Connection) => parts.frames.admit(caller) };
    this.inbound = new InboundQueue(this.connection, frames, clock, options, false);
    this.lastUsedAtMs = nowMs;
  }

  get isOpen(): boolean {
    return this.connection.isOpen;
  }

  get closeCode(): number | undefined {
    return this.connection.closeCode;
  }

  get isBusy(): boolean {
    return this.underWay > 0;
  }

  /** Carries out a frame as the bearer of this request's token. */
  offer(principal: Principal, parsed: ParsedFrame | FrameFailure, sink: ReplySink): void {
    this.underWay++;
    const begin = () => this.connection.renew(principal);
    const done = () => {
      this.underWay--;
      this.lastUsedAtMs = this.parts.clock.now();
      sink.done?.();
    };
    this.inbound.offer(parsed, { begin, done, reply: (text) => sink.reply(text) });
  }

  /** Nobody has called for a while, or the application ends. */
  end(): void {
    this.connection.ended();
    this.forgetFace();
  }

  private readonly handle = async (connection: Connection, frame: ClientFrame, reply: Reply): Promise<void> => {
    if (NEEDS_CONNECTION.has(frame.event)) {
      reply(encodeError(ErrorCode.ConnectionRequired, 'name a stream of yours in Push-Connection', frame.ref));
      return;
    }
    if (!this.hasFace && !isReservedEvent(frame.event)) {
      this.hasFace = true;
      this.parts.frames.hostHandlers?.connected(connection);
    }
    await this.parts.frames.handle(connection, frame, reply);
  };

  private forgetFace(): void {
    if (!this.hasFace) return;
    this.hasFace = false;
    this.parts.frames.hostHandlers?.disconnected(this.connection);
  }
}
