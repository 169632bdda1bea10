/**
 * The routing table of one tenant on this process: which connections there are, of which users, in which groups. Answers
 * "who gets this?" in time proportional to the answer.
 *
 * A connection may be in a group for several reasons at once (its token, the server, its own wish); it is a member
 * until the last of them ends.
 */
import type { TransportName } from '../protocol/frames.js';
import { Broadcasts, NO_BROADCASTS } from './broadcasts.js';
import { UserConnections } from './connection.js';
import type { Connection } from './connection.js';
import { OpenPipes } from './open-pipes.js';

/** Why a connection is in a group: its token's claim, a membership that the server holds, or its own join. */
export const MembershipSource = { Token: 1, Server: 2, Join: 4 } as const;
export type MembershipSource = (typeof MembershipSource)[keyof typeof MembershipSource];
const ANY_SOURCE = MembershipSource.Token | MembershipSource.Server | MembershipSource.Join;

/** What messages are addressed to by name. */
export type AddresseeKind = 'user' | 'group';

/** Hears for whom there is anybody here. */
export interface Attendance {
  /** The first connection of the user, or the first one in the group, is here. */
  attend(kind: AddresseeKind, name: string): void;
  /** The last one is gone. */
  leave(kind: AddresseeKind, name: string): void;
}

/** Reasons of one connection by group, as a sum of sources. */
type Memberships = Map<string, number>;

const NO_CONNECTIONS: ReadonlySet<Connection> = new Set();
const NO_GROUPS: readonly string[] = [];
const NOBODY_LISTENS: Attendance = { attend() {}, leave() {} };

/** Connections by id, user and group. */
export class ConnectionRegistry {
  /** The messages for everyone in it. */
  readonly broadcasts = new Broadcasts(() => Array.from(this.all(), ({ outbound }) => outbound));
  private readonly byId = new Map<string, Connection>();
  private readonly closing = new Set<Connection>();
  private readonly byUser = new Map<string, UserConnections>();
  private readonly byGroup = new Map<string, Set<Connection>>();
  private readonly memberships = new Map<Connection, Memberships>();
  private readonly byTransport: Record<TransportName, number> = { ws: 0, sse: 0, poll: 0 };

  /**
   * @param pipes Where the limits of the process count the connections of all tenants.
   * @param attendance Is told before messages can be routed to the first, and when they are no longer to the last.
   */
  constructor(
    private readonly pipes = new OpenPipes(),
    private readonly attendance: Attendance = NOBODY_LISTENS,
  ) {}

  /** Connections that messages reach. */
  get size(): number {
    return this.byId.size;
  }

  /** Connections whose pipe is open: those that messages reach, and those that are being closed. */
  get pipeCount(): number {
    return this.byId.size + this.closing.size;
  }

  get userCount(): number {
    return this.byUser.size;
  }

  get groupCount(): number {
    return this.byGroup.size;
  }

  /** Connections by transport. */
  get transportCounts(): Readonly<Record<TransportName, number>> {
    return { ...this.byTransport };
  }

  /** Whether a poll is open, which leaves with the next message. */
  get hasPolls(): boolean {
    return this.byTransport.poll > 0;
  }

  add(connection: Connection): void {
    this.byId.set(connection.id, connection);
    connection.outbound.follow(this.broadcasts);
    this.broadcasts.readersChanged();
    this.addToUser(connection);
    this.byTransport[connection.transport.name]++;
    this.pipes.opened(connection.address);
  }

  /** The connection is being closed: messages do not reach it any more. False if they did not before. */
  retire(connection: Connection): boolean {
    if (!this.takeOut(connection)) return false;
    this.closing.add(connection);
    this.pipes.left(connection, this.ofUser(connection.userId).length);
    return true;
  }

  /** The pipe of the connection is gone. True if messages reached it until now. */
  remove(connection: Connection): boolean {
    const wasReached = this.takeOut(connection);
    if (!wasReached && !this.closing.delete(connection)) return false;
    this.pipes.closed(connection.address);
    this.pipes.left(connection, this.ofUser(connection.userId).length);
    return wasReached;
  }

  /** The connections that are being closed. */
  retired(): Iterable<Connection> {
    return this.closing.values();
  }

  /** Adds a reason for the connection to be in the group. */
  join(connection: Connection, group: string, source: MembershipSource): void {
    if (this.byId.get(connection.id) !== connection) return;
    let memberships = this.memberships.get(connection);
    if (!memberships) this.memberships.set(connection, (memberships = new Map()));
    memberships.set(group, (memberships.get(group) ?? 0) | source);
    const members = this.byGroup.get(group);
    if (members) {
      members.add(connection);
      return;
    }
    this.attendance.attend('group', group);
    this.byGroup.set(group, new Set([connection]));
  }

  /** Takes a reason away; the connection leaves the group with its last one. */
  leave(connection: Connection, group: string, source: MembershipSource): void {
    const memberships = this.memberships.get(connection);
    const sources = memberships?.get(group);
    if (!memberships || sources === undefined) return;
    const left = sources & ~source;
    if (left !== 0) {
      memberships.set(group, left);
      return;
    }
    memberships.delete(group);
    if (memberships.size === 0) this.memberships.delete(connection);
    this.removeFromGroup(connection, group);
  }

  /** The groups that the connection is in at this moment, as they are kept: to be gone through at once. */
  eachGroupOf(connection: Connection): Iterable<string> {
    return this.memberships.get(connection)?.keys() ?? NO_GROUPS;
  }

  /** The groups that the connection is in, for whatever reason or for this one. */
  groupsOf(connection: Connection, source?: MembershipSource): string[] {
    const memberships = this.memberships.get(connection);
    if (!memberships) return [];
    if (source === undefined) return [...memberships.keys()];
    return [...memberships].filter(([, sources]) => (sources & source) !== 0).map(([group]) => group);
  }

  groupCountOf(connection: Connection): number {
    return this.memberships.get(connection)?.size ?? 0;
  }

  /** Whether it is in the group, for one of these reasons. `sources` is a sum. @default any */
  isMember(connection: Connection, group: string, sources: number = ANY_SOURCE): boolean {
    return ((this.memberships.get(connection)?.get(group) ?? 0) & sources) !== 0;
  }

  /** The users who have a connection. */
  userIds(): Iterable<string> {
    return this.byUser.keys();
  }

  /** The groups that somebody is in. */
  groupNames(): Iterable<string> {
    return this.byGroup.keys();
  }

  /** All connections, oldest first. */
  all(): MapIterator<Connection> {
    return this.byId.values();
  }

  find(connectionId: string): Connection | undefined {
    return this.byId.get(connectionId);
  }

  ofUser(userId: string): readonly Connection[] {
    return this.byUser.get(userId)?.connections ?? [];
  }

  ofGroup(group: string): ReadonlySet<Connection> {
    return this.byGroup.get(group) ?? NO_CONNECTIONS;
  }

  private addToUser(connection: Connection): void {
    let user = this.byUser.get(connection.userId);
    if (user) {
      user.add(connection);
    } else {
      this.attendance.attend('user', connection.userId);
      this.byUser.set(connection.userId, (user = new UserConnections(connection)));
    }
    connection.user = user;
  }

  private takeOut(connection: Connection): boolean {
    if (!this.byId.delete(connection.id)) return false;
    connection.outbound.follow(NO_BROADCASTS);
    this.broadcasts.readersChanged();
    this.removeFromUser(connection);
    for (const group of this.memberships.get(connection)?.keys() ?? []) this.removeFromGroup(connection, group);
    this.memberships.delete(connection);
    this.byTransport[connection.transport.name]--;
    return true;
  }

  private removeFromUser(connection: Connection): void {
    const user = connection.user;
    if (!user) return;
    connection.user = undefined;
    user.remove(connection);
    if (user.connections.length > 0) return;
    this.byUser.delete(connection.userId);
    this.attendance.leave('user', connection.userId);
  }

  private removeFromGroup(connection: Connection, group: string): void {
    const members = this.byGroup.get(group);
    if (!members?.delete(connection) || members.size > 0) return;
    this.byGroup.delete(group);
    this.attendance.leave('group', group);
  }
}
