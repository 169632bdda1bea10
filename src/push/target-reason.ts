import type { Connection } from '../core/connection.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import type { Exclusion, Target } from '../core/delivery-target.js';
import type { TargetMember } from '../protocol/console-frames.js';

/** By what a target names a connection, and for a group its name. */
export interface NamedBy {
  readonly why: TargetMember;
  readonly name?: string | undefined;
}

/** How a target and a connection stand to each other. */
export interface TargetReason {
  /** Undefined where nothing names the connection. */
  readonly by: NamedBy | undefined;
  /** What leaves it out although it is named. */
  readonly except: NamedBy | undefined;
}

type Groups = Pick<ConnectionRegistry, 'isMember'>;

/** Why a message for the target goes to the connection, or does not. */
export function reasonOf(target: Target, connection: Connection, registry: Groups): TargetReason {
  const by: NamedBy | undefined = target.all ? { why: 'all' } : namedBy(target, connection, registry);
  return { by, except: by && target.except && namedBy(target.except, connection, registry) };
}

/** The user comes first: it is what an operator looks for, and true of all connections alike. */
function namedBy(members: Exclusion, connection: Connection, registry: Groups): NamedBy | undefined {
  const { users, groups, connections } = members;
  if (users?.includes(connection.userId)) return { why: 'user' };
  const name = groups?.find((group) => registry.isMember(connection, group));
  if (name !== undefined) return { why: 'group', name };
  return connections?.includes(connection.id) ? { why: 'connection' } : undefined;
}
