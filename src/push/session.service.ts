/**
 * The life of a connection, the same for every transport: opened after its handshake, greeted, put into its groups,
 * listened to, and taken out of everything when its pipe is gone.
 */
import type { Clock } from '../core/clock.js';
import { Connection } from '../core/connection.js';
import { newConnectionId } from '../core/connection-id.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import type { FlushScheduler } from '../core/flush-scheduler.js';
import type { ConnectedEvent } from '../core/lifecycle-events.js';
import { Telemetry } from '../core/telemetry.js';
import type { Transport } from '../core/transport.interface.js';
import { decodeCursor } from '../protocol/cursor.js';
import { encodeError, encodeGap, encodeWelcome } from '../protocol/frame-encoder.js';
import { isoTime } from '../protocol/iso-time.js';
import type { FrameFailure, ParsedFrame } from '../protocol/frame-parser.js';
import type { WelcomeData } from '../protocol/frames.js';
import { isGroup } from '../protocol/names.js';
import type { FrameService } from './frame.service.js';
import type { GroupService } from './group.service.js';
import type { Admission, RefusedGroup } from './admission.js';
import { refusedFrame } from './refused-frame.js';
import { InboundQueue } from './inbound-queue.js';
import type { InboundOptions, ReplySink } from './inbound-queue.js';
import type { LivenessOptions } from './liveness.service.js';
import type { Opening, ResumeService } from './resume.service.js';
import type { TenantWatch } from './tenant-watch.js';

/** What sessions work with. */
export interface SessionParts {
  readonly registry: ConnectionRegistry;
  readonly scheduler: FlushScheduler;
  readonly groups: GroupService;
  readonly frames: FrameService;
  readonly resumes: ResumeService;
  readonly clock: Clock;
  readonly options: Required<InboundOptions & LivenessOptions>;
  readonly telemetry?: Telemetry | undefined;
  /** Sees who comes and goes, while somebody looks. */
  readonly watch?: TenantWatch | undefined;
  /** Hears that the last pipe is gone. */
  readonly onEmpty?: () => void;
}

/** A connection that was opened. */
export interface OpenedSession {
  readonly connection: Connection;
  /**
   * Resolves when the welcome and the first of what was missed are on their way; undefined where the welcome is
   * written already. Never rejects.
   */
  readonly greeted: Promise<void> | undefined;
}

/** A connection that messages reach. */
export interface RegisteredSession {
  readonly connection: Connection;
  /** Groups that the client asked for and is not in. */
  readonly refusedGroups: readonly RefusedGroup[];
}

/** Opens connections and ends them. */
export class SessionService {
  private readonly inbound = new Map<Connection, InboundQueue>();
  private readonly telemetry: Telemetry;
  private opened = 0;

  constructor(private readonly parts: SessionParts) {
    this.telemetry = parts.telemetry ?? new Telemetry();
  }

  /**
   * Makes an admitted request a connection that messages reach. Synchronous: nothing can come between its parts. One
   * that comes back with a place is live when it has what it missed.
   */
  open(admission: Admission, transport: Transport): OpenedSession {
    const { connection, refusedGroups } = this.register(admission, transport);
    // Before anything can end it, so that its end is told of after it.
    this.telemetry.listeners.connected?.(this.describe(connection));
    try {
      const greeted = this.begin(connection, admission.cursor, refusedGroups);
      this.parts.frames.hostHandlers?.connected(connection);
      return { connection, greeted };
    } catch (cause) {
      this.ended(connection);
      throw cause;
    }
  }

  /** The part of {@link open} by which messages reach the connection: for a peer that is not greeted, as on a poll. */
  register(admission: Admission, transport: Transport): RegisteredSession {
    const { registry, scheduler, groups, clock } = this.parts;
    const init = {
      id: newConnectionId(),
      principal: admission.principal,
      transport,
      address: admission.address,
      serial: ++this.opened,
      nowMs: clock.now(),
      requestId: admission.requestId,
      onClosed: this.closed,
    };
    const connection = new Connection(init, scheduler);
    registry.add(connection);
    this.parts.watch?.opened(connection);
    try {
      groups.admit(connection, admission.heldGroups);
      return { connection, refusedGroups: this.joinAsked(connection, admission) };
    } catch (cause) {
      this.ended(connection);
      throw cause;
    }
  }

  /** Takes one text frame from the peer. */
  receive(connection: Connection, text: string): void {
    this.heard(connection);
    this.inboundOf(connection).receive(text);
  }

  /** Takes one frame that the peer sent beside the connection, and answers it there. */
  offer(connection: Connection, parsed: ParsedFrame | FrameFailure, sink: ReplySink): void {
    this.heard(connection);
    this.inboundOf(connection).offer(parsed, sink);
  }

  /** Whether a frame of the peer is being carried out, or the connection is brought up to date. */
  isBusy(connection: Connection): boolean {
    if (this.inbound.get(connection)?.isBusy) return true;
    return connection.outbound.holding !== undefined && !this.parts.resumes.places.isWaiting(connection);
  }

  /** Takes a sign of life that is no frame of the protocol, such as a ping; false when the peer sends too many. */
  receiveControlFrame(connection: Connection): boolean {
    this.heard(connection);
    return this.inboundOf(connection).takeControlFrame();
  }

  /** The peer gave a sign of life that it was asked for. */
  heard(connection: Connection): void {
    connection.heard(this.parts.clock.now());
  }

  /** Nothing goes through the pipe any more in either direction, though it may take the peer a while to hang up. */
  broken(connection: Connection): void {
    connection.ended();
    this.retire(connection, 'broken');
  }

  /** The pipe of the connection is gone. */
  ended(connection: Connection): void {
    connection.ended();
    this.inbound.delete(connection);
    const { registry, onEmpty } = this.parts;
    if (registry.remove(connection)) this.left(connection, connection.transport.name === 'poll' ? 'answered' : 'left');
    if (registry.pipeCount === 0) onEmpty?.();
  }

  /** Out of the routing table at once, so that nobody counts on who is on the way out. */
  private readonly closed = (connection: Connection): void => {
    this.retire(connection, String(connection.closeCode));
  };

  private retire(connection: Connection, how: string): void {
    this.inbound.delete(connection);
    if (this.parts.registry.retire(connection)) this.left(connection, how);
  }

  /** Comes once for each connection. `how`: the close code, or what there was in its place. */
  private left(connection: Connection, how: string): void {
    const { counters, listeners } = this.telemetry;
    this.parts.resumes.places.end(connection);
    counters.closes.add(how);
    this.parts.watch?.ended(connection, how);
    this.parts.frames.hostHandlers?.disconnected(connection);
    if (!listeners.disconnected || connection.transport.name === 'poll') return;
    const { id: connectionId, userId, address, requestId, connectedAtMs, closeCode } = connection;
    listeners.disconnected({
      connectionId,
      userId,
      tenant: connection.principal.tenant,
      transport: connection.transport.name,
      address,
      requestId,
      connectedAt: isoTime(connectedAtMs),
      durationMs: this.parts.clock.now() - connectedAtMs,
      code: how === String(closeCode) ? closeCode : undefined,
    });
  }

  private describe(connection: Connection): ConnectedEvent {
    const { id: connectionId, userId, address, requestId } = connection;
    const { tenant } = connection.principal;
    const groups = this.parts.registry.groupsOf(connection);
    return { connectionId, userId, tenant, transport: connection.transport.name, address, groups, requestId };
  }

  /** Joins the groups that were asked for and granted; answers those that the connection is not in. */
  private joinAsked(connection: Connection, { grantedGroups, refusedGroups }: Admission): readonly RefusedGroup[] {
    if (grantedGroups.length === 0 && refusedGroups.length === 0) return refusedGroups;
    const allRefused = [...refusedGroups];
    for (const group of grantedGroups) {
      const code = this.parts.groups.join(connection, group);
      if (code) allRefused.push({ group, code });
    }
    const { refused } = this.telemetry.listeners;
    if (!refused) return allRefused;
    for (const wish of allRefused) refused(refusedFrame(connection, { purpose: 'join', ...wish }));
    return allRefused;
  }

  private begin(
    connection: Connection,
    cursorText: string | undefined,
    refusedGroups: readonly RefusedGroup[],
  ): Promise<void> | undefined {
    const cursor = cursorText ? decodeCursor(cursorText) : undefined;
    const { resumes } = this.parts;
    if (cursor) return resumes.resume(connection, cursor, (opening) => this.greet(connection, opening, refusedGroups));
    return resumes.begin(connection, (opening) => {
      this.greet(connection, opening, refusedGroups);
      if (!cursorText) return;
      connection.reply(encodeGap('invalid_cursor', opening.cursor), opening.cursor);
      this.telemetry.counters.gaps.add('invalid_cursor');
    });
  }

  private greet(connection: Connection, opening: Opening, refusedGroups: readonly RefusedGroup[]): void {
    const welcome: WelcomeData = {
      connectionId: connection.id,
      userId: connection.userId,
      groups: this.parts.registry.groupsOf(connection),
      transport: connection.transport.name,
      heartbeatMs: this.parts.options.heartbeatMs,
      maxFrameBytes: this.parts.options.maxFrameBytes,
      cursor: opening.cursor,
      resumed: opening.resumed,
      expiresAt: isoTime(connection.principal.expiresAtMs),
    };
    connection.greet(encodeWelcome(welcome), welcome.cursor);
    tellRefusals(connection, refusedGroups);
  }

  private inboundOf(connection: Connection): InboundQueue {
    const known = this.inbound.get(connection);
    if (known) return known;
    const created = new InboundQueue(connection, this.parts.frames, this.parts.clock, this.parts.options);
    this.inbound.set(connection, created);
    return created;
  }
}

/** One error for each group that the client asked for and did not get. */
export function tellRefusals(connection: Connection, refusedGroups: readonly RefusedGroup[]): void {
  for (const { group, code } of refusedGroups) connection.reply(encodeError(code, refusalDetail(group)));
}

/** Names the group, unless what was asked for is no name and could be anything. */
function refusalDetail(group: string): string {
  return isGroup(group) ? `the group ${group}` : 'a name in groups is not valid';
}
