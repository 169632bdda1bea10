import type { Connection } from '../core/connection.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import type { PushErrorDetail } from '../core/push-error.js';
import type { ConnectionFilter, ConnectionInfo, Page, PageRequest, Presence, PushStats } from './push-types.js';
import { assertUserId, groupProblems, throwIfAny, userIdProblems } from './send-validation.js';

/** Items of a page where the caller does not say. */
export const DEFAULT_PAGE_LIMIT = 100;
/** Most items of a page. */
export const MAX_PAGE_LIMIT = 1_000;

const CONNECTION_PROBLEM: PushErrorDetail = { pointer: '/connection', detail: 'must be a text' };
const PAGE_CURSOR = /^[0-9a-z]{1,11}$/;

/** Who is connected, as listings and counts show it. */
export class ConnectionDirectory {
  constructor(
    private readonly registry: ConnectionRegistry,
    private readonly nodeId: string,
  ) {}

  presenceOf(userId: string): Presence {
    assertUserId(userId);
    const connections = this.registry.ofUser(userId).length;
    return { userId, online: connections > 0, connections };
  }

  /** Connections that match, oldest first. */
  list(filter: ConnectionFilter, page: PageRequest): Page<ConnectionInfo> {
    throwIfAny([...filterProblems(filter), ...limitProblems(page), ...cursorProblems(page)]);
    const { limit = DEFAULT_PAGE_LIMIT, cursor = '0' } = page;
    const after = Number.parseInt(cursor, 36);
    const items: Connection[] = [];
    for (const connection of this.matching(filter)) {
      if (connection.serial <= after) continue;
      if (items.length === limit) return this.page(items, true);
      items.push(connection);
    }
    return this.page(items, false);
  }

  /** The connections that match every member of the filter, oldest first; all of them for an empty one. */
  matching({ user, group, connection }: ConnectionFilter): Iterable<Connection> {
    if (connection !== undefined) {
      const found = this.registry.find(connection);
      return found && isIn(found, user) && this.isInGroup(found, group) ? [found] : [];
    }
    if (user !== undefined) return byAge(this.registry.ofUser(user).filter((found) => this.isInGroup(found, group)));
    if (group !== undefined) return byAge([...this.registry.ofGroup(group)]);
    return this.registry.all();
  }

  stats(): PushStats {
    return {
      scope: 'cluster',
      users: this.registry.userCount,
      connections: this.registry.transportCounts,
      groups: this.registry.groupCount,
      nodes: 1,
    };
  }

  private isInGroup(connection: Connection, group: string | undefined): boolean {
    return group === undefined || this.registry.isMember(connection, group);
  }

  private page(connections: readonly Connection[], hasMore: boolean): Page<ConnectionInfo> {
    const last = connections.at(-1);
    return {
      items: connections.map((connection) => this.describe(connection)),
      cursor: hasMore && last ? last.serial.toString(36) : null,
    };
  }

  private describe(connection: Connection): ConnectionInfo {
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
}

/** What is wrong with a filter. */
export function filterProblems({ user, group, connection }: ConnectionFilter): PushErrorDetail[] {
  return [
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

function cursorProblems({ cursor }: PageRequest): PushErrorDetail[] {
  if (cursor === undefined || PAGE_CURSOR.test(cursor)) return [];
  return [{ pointer: '/cursor', detail: 'not the cursor of a page' }];
}

function byAge(connections: Connection[]): Connection[] {
  return connections.sort((one, other) => one.serial - other.serial);
}

function isIn(connection: Connection, user: string | undefined): boolean {
  return user === undefined || connection.userId === user;
}
