import type { Clock } from '../../core/clock.js';
import type { FollowedChannel } from './followed-channel.js';
import type { LogPartition } from './log-partition.js';
import type { LogSecret } from './log-secret.js';
import type { RedisConnections } from './redis-connections.js';
import type { ServerClock } from './server-clock.js';

/** What all partitions of a log share. */
export interface LogParts {
  readonly connections: RedisConnections;
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  readonly nodeId: string;
  readonly secret: LogSecret;
  /** The time for scripts as text; empty for the server's own. */
  readonly fixedNow: () => string;
  /** How long it is remembered where targets lost messages, and where channels stood. */
  readonly forgetMs: number;
}

/** Whom a partition tells. */
export interface PartitionOwner {
  /** Something came on a followed channel. */
  received(partition: LogPartition, channel: FollowedChannel, frame: string): void;
  /** Nothing is followed from now on: all that is on these channels may pass this node by. The position still stands. */
  interrupted(partition: LogPartition): void;
  /** What is attended is followed from the position on. */
  recovered(partition: LogPartition): void;
  /** The channel stands elsewhere than where this node has heard it. */
  broken(partition: LogPartition, channel: FollowedChannel): void;
}
