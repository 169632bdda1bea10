import type { Audience, AudienceFilter, LogPage } from '../backing/message-log.interface.js';
import type { Connection } from '../core/connection.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';

/** Who the connection's principal is now. */
export function audienceOf(connection: Connection, registry: ConnectionRegistry): Audience {
  return { userId: connection.userId, groups: registry.eachGroupOf(connection) };
}

/** The connections whose principal is one of those now. */
export function concernedBy(concerns: AudienceFilter, registry: ConnectionRegistry): Connection[] {
  return [...registry.all()].filter((connection) => concerns(audienceOf(connection, registry)));
}

/**
 * Reads for who the connection's principal is now. A log takes time, and its answer is for the groups that it was asked
 * with: when others were joined or left meanwhile it is asked again. Else a message of a group just joined would count
 * as read without being in the page, and one that was sent after a leave would be in it.
 *
 * @param hasRejoined Whether it has left groups and come into them again during the last read: the page is for somebody
 *   who was in them all the time.
 */
export async function readForPresent(
  connection: Connection,
  registry: ConnectionRegistry,
  read: (audience: Audience) => Promise<LogPage>,
  hasRejoined: () => boolean = () => false,
): Promise<LogPage> {
  const { userId } = connection;
  for (;;) {
    const groups = registry.groupsOf(connection);
    const page = await read({ userId, groups });
    const isSameNumber = groups.length === registry.groupCountOf(connection);
    const isPresent = isSameNumber && groups.every((group) => registry.isMember(connection, group));
    if ((isPresent && !hasRejoined()) || !connection.isOpen) return page;
  }
}
