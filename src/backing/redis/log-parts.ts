import type { Clock } from '../../core/clock.js';
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

/** What the reader of a log is made with. */
export interface LogReaderParts extends LogParts {
  readonly historyMs: number;
}
