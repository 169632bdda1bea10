/**
 * Memberships, from all their sources, and their effect on live connections: what the server holds outlives a
 * connection and takes effect at once on those that are open.
 */
import type { Memberships } from '../backing/memberships.interface.js';
import type { Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import { MembershipSource } from '../core/connection-registry.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import { ErrorCode } from '../protocol/error-codes.js';

/** What the groups of a connection are bounded by. */
export interface GroupOptions {
  /**
   * Most groups that a connection may be in by its own wish, those of its token and of the server counted too.
   * @default 100
   */
  readonly maxGroupsPerConnection?: number;
}

/** Joins and leaves, by token, server and client. */
export class GroupService {
  private readonly maxGroupsPerConnection: number;

  constructor(
    private readonly memberships: Memberships,
    private readonly registry: ConnectionRegistry,
    private readonly clock: Clock,
    options: Required<GroupOptions>,
  ) {
    this.maxGroupsPerConnection = options.maxGroupsPerConnection;
  }

  /** Puts a new connection into the groups of its token and those that the server holds for its user. */
  admit(connection: Connection): void {
    for (const group of connection.principal.groups) this.registry.join(connection, group, MembershipSource.Token);
    for (const group of this.memberships.groupsOf(connection.userId, this.clock.now())) {
      this.registry.join(connection, group, MembershipSource.Server);
    }
  }

  /** Makes the groups of the connection's token those of its new one. */
  renew(connection: Connection): void {
    const { groups } = connection.principal;
    for (const group of this.registry.groupsOf(connection, MembershipSource.Token)) {
      if (!groups.includes(group)) this.registry.leave(connection, group, MembershipSource.Token);
    }
    for (const group of groups) this.registry.join(connection, group, MembershipSource.Token);
  }

  /** The connection joins by its own wish, which has been authorised. Answers the code of a refusal. */
  join(connection: Connection, group: string): typeof ErrorCode.LimitGroups | undefined {
    const isNew = !this.registry.isMember(connection, group);
    if (isNew && this.registry.groupCountOf(connection) >= this.maxGroupsPerConnection) return ErrorCode.LimitGroups;
    this.registry.join(connection, group, MembershipSource.Join);
    return undefined;
  }

  /** The connection takes back its own wish; a membership by token or server goes on. */
  leave(connection: Connection, group: string): void {
    this.registry.leave(connection, group, MembershipSource.Join);
  }

  /** The server holds the membership from now on, for all connections of the user, present and future. */
  hold(userId: string, group: string, expiresAtMs: number | undefined): void {
    this.memberships.add({ userId, group, expiresAtMs });
    for (const connection of this.registry.ofUser(userId)) {
      this.registry.join(connection, group, MembershipSource.Server);
    }
  }

  /** The server lets go: the user's connections leave, also those that had joined by themselves. */
  release(userId: string, group: string): void {
    this.memberships.remove(userId, group);
    for (const connection of this.registry.ofUser(userId)) {
      this.registry.leave(connection, group, MembershipSource.Server);
      this.registry.leave(connection, group, MembershipSource.Join);
    }
  }

  /** Takes connections out of the groups whose membership has ended by now. Meant to be called regularly. */
  sweep(nowMs: number): void {
    for (const { userId, group } of this.memberships.takeExpired(nowMs)) {
      for (const connection of this.registry.ofUser(userId)) {
        this.registry.leave(connection, group, MembershipSource.Server);
      }
    }
  }
}
