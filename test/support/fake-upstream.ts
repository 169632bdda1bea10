import { LoneNode } from '../../src/backing/memory/lone-node.js';
import type { Connection } from '../../src/core/connection.js';
import type { Principal } from '../../src/core/principal.js';
import { CloseCode } from '../../src/protocol/close-codes.js';
import { encodeFrame } from '../../src/protocol/frame-encoder.js';
import { parseFrame } from '../../src/protocol/frame-parser.js';
import type { ClientFrame, Envelope } from '../../src/protocol/frames.js';
import type { HostHandlers, Reply } from '../../src/push/host-handlers.interface.js';
import type { Refusal } from '../../src/push/refusal.js';
import { StreamFrames } from '../../src/push/stream-frames.js';
import { UpstreamService } from '../../src/push/upstream.service.js';
import type { UpstreamCall, UpstreamOptions } from '../../src/push/upstream.service.js';
import { FakeTransport } from '../../src/testing/fake-transport.js';
import { FakeConnections } from './fake-connections.js';
import type { FakePeer } from './fake-connections.js';
import { FakeSessions, SESSION_OPTIONS } from './fake-sessions.js';
import { ScriptedLog, turn } from './scripted-log.js';

/** Handlers of a host: `hold` waits for the test, `many` answers thrice, `silent` never, `leave` closes. */
class ScriptedHandlers implements HostHandlers {
  /** The frames that were begun, in order, and as whom. */
  readonly begun: { readonly event: string; readonly id: string; readonly scopes: readonly string[] }[] = [];
  readonly connections: Connection[] = [];
  readonly gone: Connection[] = [];
  private readonly held: (() => void)[] = [];

  handles(_connection: Connection, event: string): boolean {
    return event !== 'nobody';
  }

  async handle(connection: Connection, { event, ref }: ClientFrame, reply: Reply): Promise<void> {
    this.begun.push({ event, id: connection.id, scopes: connection.principal.scopes });
    if (event === 'hold') await new Promise<void>((resolve) => this.held.push(resolve));
    if (event === 'leave') connection.close(CloseCode.DisconnectedByAdmin);
    else if (event === 'many') for (const value of [1, 2, 3]) reply(encodeFrame('push:ok', value, ref));
    else if (event !== 'silent') reply(encodeFrame('push:ok', event, ref));
  }

  connected(connection: Connection): void {
    this.connections.push(connection);
  }

  disconnected(connection: Connection): void {
    this.gone.push(connection);
  }

  /** Lets the handler that waits longest go on, and everything happen that follows. */
  async release(): Promise<void> {
    this.held.shift()?.();
    await turn();
  }
}

/** One request with a frame: what it was answered and whether it took too long. */
export interface SentFrame {
  readonly call: UpstreamCall;
  readonly answers: readonly Envelope[];
  readonly isLate: boolean;
}

/** Requests with frames, without sockets, under a clock that stands still. */
export class FakeUpstream {
  readonly fakes = new FakeConnections();
  readonly handlers = new ScriptedHandlers();
  readonly service: UpstreamService;
  readonly sessions = new FakeSessions(this.fakes, new ScriptedLog());

  constructor(limits: UpstreamOptions & { readonly maxConnections?: number; readonly maxPerUser?: number } = {}) {
    const { registry, scheduler, clock } = this.fakes;
    const { sessions, frames } = this.sessions;
    frames.hostHandlers = this.handlers;
    const admission = {
      maxConnections: 20,
      maxPerUser: 20,
      maxPerIp: 0,
      ipv6PrefixBits: 64,
      maxPendingHandshakes: 10,
      authTimeoutMs: 1_000,
    };
    const streams = new StreamFrames(registry, sessions);
    const options = { ...SESSION_OPTIONS, ...admission, upstreamTimeoutMs: 30_000, ...limits };
    const space = { streams, nodes: new LoneNode('n'), frames, leave: () => undefined };
    this.service = new UpstreamService({ spaces: { enter: () => space }, scheduler, clock, options });
  }

  /** A stream of the user that requests may name. */
  stream(userId = '7', transport = new FakeTransport('sse')): FakePeer {
    return this.fakes.connect(userId, {}, transport);
  }

  /** Begins a request, whose frame is not here yet. */
  begin(principal: Partial<Principal> = {}, onTimeout: () => void = () => {}): UpstreamCall | Refusal {
    return this.service.begin(this.sessions.admission(principal), onTimeout);
  }

  /** One request with the frame, as far as it gets without waiting. */
  send(frame: string | object, principal: Partial<Principal> = {}, connectionId?: string): SentFrame {
    const answers: Envelope[] = [];
    const sent = { answers, isLate: false };
    const call = this.begin(principal, () => (sent.isLate = true));
    if (!('carryOut' in call)) throw new Error(`refused: ${call.detail}`);
    const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
    call.carryOut(parseFrame(text), connectionId, (answer) => answers.push(JSON.parse(answer) as Envelope));
    return Object.assign(sent, { call });
  }
}
