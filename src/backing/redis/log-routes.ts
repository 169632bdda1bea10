/**
 * Which partition and which channel a message goes to, and which lists keep it.
 *
 * What is for one user or one group goes to a channel of its own, in the partition that the hash of its name gives.
 * Everything else goes to the channel of everyone, in the first partition, and is kept there for each of its targets.
 */
import type { AddresseeKind } from '../../core/connection-registry.js';
import type { Target } from '../../core/delivery-target.js';

/** The channel of everyone, and the list of what is for everyone. */
export const EVERYONE = 'a';

/** A way through the log. */
export interface LogRoute {
  readonly partition: number;
  readonly channel: string;
}

/** The channel of a user or group, and the name of its list. */
export function channelOf(kind: AddresseeKind, name: string): string {
  return (kind === 'user' ? 'u:' : 'g:') + name;
}

/** Which partition the channel is in. */
export function partitionOf(channel: string, partitions: number): number {
  if (partitions === 1 || channel === EVERYONE) return 0;
  // FNV-1a, with a last mix: names often differ in their last character only.
  let hash = 0x811c9dc5;
  for (let index = 0; index < channel.length; index++) {
    hash = Math.imul(hash ^ channel.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) % partitions;
}

/** The way of a message to this target. */
export function routeOf(target: Target, partitions: number): LogRoute {
  const channel = onlyChannel(target) ?? EVERYONE;
  return { partition: partitionOf(channel, partitions), channel };
}

/** The channel of the one user or group that the target names, if it names nothing else. */
export function onlyChannel(target: Target): string | undefined {
  if (target.all) return undefined;
  const { users, groups, connections } = target;
  if (connections !== undefined && connections.length > 0) return undefined;
  const [user, secondUser] = users ?? [];
  const [group, secondGroup] = groups ?? [];
  if (user !== undefined && secondUser === undefined && group === undefined) return channelOf('user', user);
  if (group !== undefined && secondGroup === undefined && user === undefined) return channelOf('group', group);
  return undefined;
}

/** The target of a channel of one user or group. */
export function targetOf(channel: string): Target {
  const name = channel.slice(2);
  return channel.startsWith('u:') ? { users: [name] } : { groups: [name] };
}

/** Names of the lists that hold a message for its targets; none for one that names connections only. */
export function listsOf(target: Target): readonly string[] {
  if (target.all) return [EVERYONE];
  const users = (target.users ?? []).map((name) => channelOf('user', name));
  return users.concat((target.groups ?? []).map((name) => channelOf('group', name)));
}
