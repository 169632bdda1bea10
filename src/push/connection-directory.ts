import type { Connection } from '../core/connection.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import type { PushErrorDetail } from '../core/push-error.js';
import type { ConnectionFilter, ConnectionInfo, Page, PageRequest, Presence, PushStats } from './push-types.js';
import { assertGroup, assertUserId, throwIfAny } from './send-validation.js';

/** Items of a page where the caller does not say. */
export const DEFAULT_PAGE_LIMIT = 100;
/** Most items of a page. */
export const MAX_PAGE_LIMIT = 1_000;

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
    const limit = pageLimit(page);
    const after = readPageCursor(page.cursor);
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
    if (user !== undefined) assertUserId(user, '/user');
    if (group !== undefined) assertGroup(group, '/group');
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

/** The limit of a page, checked. */
export function pageLimit({ limit = DEFAULT_PAGE_LIMIT }: PageRequest): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE_LIMIT) {
    throwIfAny([{ pointer: '/limit', detail: `a whole number from 1 to ${MAX_PAGE_LIMIT}` }]);
  }
  return limit;
}

function readPageCursor(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const problem: PushErrorDetail = { pointer: '/cursor', detail: 'not the cursor of a page' };
  if (!PAGE_CURSOR.test(cursor)) throwIfAny([problem]);
  return Number.parseInt(cursor, 36);
}

function byAge(connections: Connection[]): Connection[] {
  return connections.sort((one, other) => one.serial - other.serial);
}

function isIn(connection: Connection, user: string | undefined): boolean {
  return user === undefined || connection.userId === user;
}
