import type { Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import { DistinctIds } from '../core/distinct-ids.js';
import type { KickedEvent, LifecycleListeners } from '../core/lifecycle-events.js';
import type { PushErrorDetail } from '../core/push-error.js';
import type { ConnectionSearch } from '../protocol/console-frames.js';
import type { ConnectionInfo } from '../protocol/connection-info.js';
import type { ConnectionFilter, PageRequest, PushStats } from './push-types.js';
import { groupProblems, memberProblems, userIdProblems } from './send-validation.js';

/** Items of a page where the caller does not say. */
export const DEFAULT_PAGE_LIMIT = 100;
/** Most items of a page. */
export const MAX_PAGE_LIMIT = 1_000;

/** How far apart clocks may run between what was said and who was there; nobody who was there may slip through. */
const AGE_TOLERANCE_MS = 1_000;

const FILTER_MEMBERS: ReadonlySet<string> = new Set([
  'user',
  'group',
  'connection',
] satisfies (keyof ConnectionFilter)[]);
const CONNECTION_PROBLEM: PushErrorDetail = { pointer: '/connection', detail: 'must be a text' };
/** The members of a place, numbers in base 36. */
const PAGE_CURSOR = /^([0-9a-z]{1,9})[.]([0-9a-z]{1,9})[.]([\w-]{1,64})$/;

/** Where a connection stands in listings, among those of its own node and of others: by age. */
export type ListPlace = Readonly<Pick<Connection, 'connectedAtMs' | 'serial' | 'id'>>;

/** How connections are to be closed. */
export interface CloseOrder {
  readonly code: number;
  readonly reason: string;
  /** Who wants it; the application where nobody is named. */
  readonly by?: string | undefined;
}

/** Who ends connections where nobody is named. */
export const APPLICATION = 'application';

/** A connection and its place. */
export interface ListedConnection {
  readonly place: ListPlace;
  readonly info: ConnectionInfo;
}

/** Who is connected to this node, as listings and counts show it. */
export class ConnectionDirectory {
  constructor(
    private readonly registry: ConnectionRegistry,
    private readonly clock: Pick<Clock, 'now'>,
    private readonly nodeId: string,
    private readonly listeners: LifecycleListeners = {},
  ) {}

  countOf(userId: string): number {
    return this.registry.ofUser(userId).length;
  }

  /** The first connections that match and come after the place, oldest first. */
  list(filter: ConnectionFilter, after: ListPlace | undefined, limit: number): ListedConnection[] {
    return this.firstOf(this.matching(filter), after, limit);
  }

  /** The same of those in whose names the texts are found. Takes time in proportion to all connections. */
  search(search: ConnectionSearch, after: ListPlace | undefined, limit: number): ListedConnection[] {
    return this.firstOf(this.found(search), after, limit);
  }

  /** What a listing says of the connection. */
  describe(connection: Connection): ConnectionInfo {
    return {
      connectionId: connection.id,
      userId: connection.userId,
      groups: this.registry.groupsOf(connection),
      transport: connection.transport.name,
      node: this.nodeId,
      address: connection.address,
      connectedAt: new Date(connection.connectedAtMs).toISOString(),
    };
  }

  private firstOf(connections: Iterable<Connection>, after: ListPlace | undefined, limit: number): ListedConnection[] {
    let first: Connection[] = [];
    for (const connection of connections) {
      if (after && comparePlaces(connection, after) <= 0) continue;
      first.push(connection);
      // Cut now and then, so that a page of a hundred does not sort ten thousands.
      if (first.length >= 2 * limit + MAX_PAGE_LIMIT) first = oldest(first, limit);
    }
    return oldest(first, limit).map((connection) => ({ place: placeOf(connection), info: this.describe(connection) }));
  }

  /** The connections that match every member of the filter; all of them for an empty one. */
  matching({ user, group, connection }: ConnectionFilter): Iterable<Connection> {
    if (connection !== undefined) {
      const found = this.registry.find(connection);
      return found && isIn(found, user) && this.isInGroup(found, group) ? [found] : [];
    }
    if (user !== undefined) return this.registry.ofUser(user).filter((found) => this.isInGroup(found, group));
    if (group !== undefined) return this.registry.ofGroup(group);
    return this.registry.all();
  }

  /**
   * Closes the connections that match, and counts them. Said `ageMs` ago by somebody whom this node could not hear, it
   * is not meant for those who came since.
   */
  close(filter: ConnectionFilter, { code, reason, by }: CloseOrder, ageMs = 0): number {
    const nowMs = this.clock.now();
    const openedUntilMs = nowMs - ageMs + AGE_TOLERANCE_MS;
    // Who has come later than now came before the clock was set back.
    const hasComeSince = (atMs: number) => atMs > openedUntilMs && atMs <= nowMs;
    const matching = [...this.matching(filter)].filter(({ connectedAtMs }) => !hasComeSince(connectedAtMs));
    for (const connection of matching) {
      this.listeners.kicked?.(kickOf(connection, 'disconnect', by ?? APPLICATION, code, reason));
      connection.close(code, reason);
    }
    return matching.length;
  }

  stats(): PushStats {
    const { userCount, groupCount, transportCounts } = this.registry;
    return { scope: 'cluster', users: userCount, connections: transportCounts, groups: groupCount, nodes: 1 };
  }

  /** Counts that can be added up with those of other nodes. */
  counts(): {
    readonly connections: PushStats['connections'];
    readonly users: DistinctIds;
    readonly groups: DistinctIds;
  } {
    return {
      connections: this.registry.transportCounts,
      users: DistinctIds.of(this.registry.userIds()),
      groups: DistinctIds.of(this.registry.groupNames()),
    };
  }

  private isInGroup(connection: Connection, group: string | undefined): boolean {
    return group === undefined || this.registry.isMember(connection, group);
  }

  private *found(search: ConnectionSearch): Generator<Connection> {
    const [user, group, address] = [search.user, search.group, search.address].map((text) => text?.toLowerCase());
    for (const connection of this.registry.all()) {
      if (user !== undefined && !connection.userId.toLowerCase().includes(user)) continue;
      if (address !== undefined && !connection.address.toLowerCase().includes(address)) continue;
      if (group === undefined || this.isInGroupLike(connection, group)) yield connection;
    }
  }

  private isInGroupLike(connection: Connection, text: string): boolean {
    for (const group of this.registry.eachGroupOf(connection)) if (group.toLowerCase().includes(text)) return true;
    return false;
  }
}

/** What is told of a connection that is about to be ended. */
export function kickOf(
  connection: Connection,
  cause: KickedEvent['cause'],
  by: string,
  code: number,
  reason: string,
): KickedEvent {
  const { id: connectionId, principal, transport, address } = connection;
  const { userId, tenant } = principal;
  return { connectionId, userId, tenant, transport: transport.name, address, cause, by, code, reason };
}

/** Below zero if the one comes before the other: by age, then as its node counted, then by id, which nobody shares. */
export function comparePlaces(one: ListPlace, other: ListPlace): number {
  if (one.connectedAtMs !== other.connectedAtMs) return one.connectedAtMs - other.connectedAtMs;
  if (one.serial !== other.serial) return one.serial - other.serial;
  return one.id < other.id ? -1 : Number(one.id > other.id);
}

/** The place as the cursor of a page. */
export function pageCursorOf({ connectedAtMs, serial, id }: ListPlace): string {
  return `${connectedAtMs.toString(36)}.${serial.toString(36)}.${id}`;
}

/** The place that the cursor of a page stands for; undefined where it is none. */
export function readPageCursor(cursor: unknown): ListPlace | undefined {
  const [, connectedAt, serial, id] = (typeof cursor === 'string' && PAGE_CURSOR.exec(cursor)) || [];
  if (connectedAt === undefined || serial === undefined || id === undefined) return undefined;
  return { connectedAtMs: Number.parseInt(connectedAt, 36), serial: Number.parseInt(serial, 36), id };
}

/** What is wrong with a filter. A misspelt member must not be overlooked: without it the filter means more than was asked. */
export function filterProblems(filter: ConnectionFilter): PushErrorDetail[] {
  const strange = memberProblems(filter, FILTER_MEMBERS);
  // A caller without types may hand in anything.
  const { user, group, connection } = filter ?? {};
  return [
    ...strange,
    ...(user === undefined ? [] : userIdProblems(user, '/user')),
    ...(group === undefined ? [] : groupProblems(group, '/group')),
    ...(connection === undefined || typeof connection === 'string' ? [] : [CONNECTION_PROBLEM]),
  ];
}

/** What is wrong with the limit of a page. */
export function limitProblems({ limit = DEFAULT_PAGE_LIMIT }: PageRequest): PushErrorDetail[] {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE_LIMIT) return [];
  return [{ pointer: '/limit', detail: `a whole number from 1 to ${MAX_PAGE_LIMIT}` }];
}

/** What is wrong with the cursor of a page. */
export function cursorProblems({ cursor }: PageRequest): PushErrorDetail[] {
  if (cursor === undefined || readPageCursor(cursor)) return [];
  return [{ pointer: '/cursor', detail: 'not the cursor of a page' }];
}

function placeOf({ connectedAtMs, serial, id }: Connection): ListPlace {
  return { connectedAtMs, serial, id };
}

function oldest(connections: Connection[], limit: number): Connection[] {
  return connections.sort(comparePlaces).slice(0, limit);
}

function isIn(connection: Connection, user: string | undefined): boolean {
  return user === undefined || connection.userId === user;
}
