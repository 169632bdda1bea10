import type { Memberships, UserMemberships } from '../backing/memberships.interface.js';
import type { Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import type { Target } from '../core/delivery-target.js';
import type { Envelope } from '../protocol/frames.js';
import type { OpenPipes } from '../core/open-pipes.js';
import { isReservedEvent } from '../protocol/names.js';
import { HeldGroups } from '../push/held-groups.js';
import type { PushReceipt, SendOptions } from '../push/push-types.js';
import type { SessionService } from '../push/session.service.js';
import type { TenantSpace } from '../push/tenant-space.js';
import { assertBearer, assertPlace } from './fake-handshake.js';
import type { FakeClientOptions } from './fake-handshake.js';
import { FakeTransport } from './fake-transport.js';
import type { ManualClock } from './manual-clock.js';

/** One send of the application under test, as it was when it was sent. */
export interface RecordedSend {
  /** Whose `PushService` it was sent with; absent for the default tenant. */
  readonly tenant?: string;
  readonly target: Target;
  readonly event: string;
  /** As clients get it, after JSON: a date is a text, and no data is `null`. */
  readonly data: unknown;
  readonly options: SendOptions;
  readonly receipt: PushReceipt;
}

/** A client of a test: a real connection whose pipe ends in an array. */
export class FakeClient {
  /** Set it to play a dead peer: a sign of life that is asked for does not come, which ends in 4000. */
  isSilent = false;

  constructor(
    readonly connection: Connection,
    readonly transport: FakeTransport,
    private readonly sessions: SessionService,
    private readonly clock: Clock,
  ) {
    // As over a wire, behind the close that it answers: one that came within it would be the client's own.
    transport.onEnd = () => queueMicrotask(() => sessions.ended(connection));
    transport.onProbe = () => this.answerProbe();
  }

  /** Application messages, oldest first. */
  get messages(): readonly Envelope[] {
    return this.transport.received.filter(({ event }) => !isReservedEvent(event));
  }

  /** Data of the messages with this event, oldest first. */
  received(event: string): readonly unknown[] {
    return this.messages.filter((message) => message.event === event).map(({ data }) => data);
  }

  /** Sends one frame to the server. */
  send(event: string, data?: unknown, ref?: string): void {
    this.sessions.receive(this.connection, JSON.stringify({ event, data, ref }));
  }

  /** Leaves without a word. */
  leave(): void {
    this.sessions.ended(this.connection);
  }

  /** As over a wire, when the question is over: what is heard within it is older than the question. */
  private answerProbe(): void {
    if (!this.isSilent) this.clock.after(0, () => this.sessions.heard(this.connection));
  }
}

/** What a recorder connects clients with. */
export interface RecorderParts {
  readonly clock: ManualClock;
  readonly spaceOf: (tenant: string | undefined) => Pick<TenantSpace, 'sessions' | 'memberships' | 'registry'>;
  readonly pipes: Pick<OpenPipes, 'count'>;
  readonly limits: { readonly maxConnections: number; readonly maxPerUser: number };
  /** How long a token is good after its end. */
  readonly clockToleranceMs: number;
  /** The memberships that a server holds for a user at this moment. */
  readonly heldNow: (memberships: Memberships, userId: string) => UserMemberships;
  /** Has `@OnPush` methods of the application called from now on. */
  readonly listen: () => void;
}

/** What the application under test sends, and clients to send to. Inject it beside PushService. */
export class PushRecorder {
  /** Every send, oldest first. */
  readonly sent: RecordedSend[] = [];

  private parts: RecorderParts | undefined;

  /** Gives the recorder the connections of its module; for PushTestingModule. */
  attach(parts: RecorderParts): this {
    this.parts = parts;
    return this;
  }

  /** Has what comes next told to `@OnPush` methods of the application, as soon as there is a module. */
  listen(): void {
    this.parts?.listen();
  }

  /**
   * Connects a client of this user, without token and handshake. Throws a PushError where a handshake would refuse it: a
   * name that is none, a token that is over, a limit of connections.
   */
  connect(userId: string, options: FakeClientOptions = {}): FakeClient {
    if (!this.parts) throw new Error('inject PushRecorder from a module that imports PushTestingModule');
    const { clock, spaceOf, heldNow, clockToleranceMs } = this.parts;
    const { tenant, groups = [], scopes = [], expiresInSeconds = 3_600 } = options;
    assertBearer({ userId, tenant, groups, scopes, expiresInSeconds }, clockToleranceMs);
    this.listen();
    const { sessions, memberships, registry } = spaceOf(tenant);
    const { pipes, limits } = this.parts;
    assertPlace({ connections: pipes.count, ofUser: registry.ofUser(userId).length, ...limits });
    const transport = new FakeTransport();
    const principal = { userId, tenant, groups, scopes, expiresAtMs: clock.now() + expiresInSeconds * 1_000 };
    const admission = {
      type: 'admitted',
      principal,
      address: '127.0.0.1',
      cursor: undefined,
      heldGroups: HeldGroups.of(userId, heldNow(memberships, userId)),
      grantedGroups: [],
      refusedGroups: [],
    } as const;
    return new FakeClient(sessions.open(admission, transport).connection, transport, sessions, clock);
  }

  /** Forgets what was sent. */
  clear(): void {
    this.sent.length = 0;
  }
}
