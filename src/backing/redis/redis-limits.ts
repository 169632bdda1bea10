import type { Clock } from '../../core/clock.js';
import type { SharedLimits } from '../shared-limits.interface.js';
import { LimitsLine } from './limits-line.js';
import type { LimitNodes } from './limits-line.js';
import { RedisConnectionCounts } from './redis-connection-counts.js';
import type { RedisCommands } from './redis-connections.js';
import { RedisRateBuckets } from './redis-rate-buckets.js';

/** Limits that all nodes of one Redis hold together. */
export class RedisLimits implements SharedLimits {
  readonly counts: RedisConnectionCounts;
  readonly rates: RedisRateBuckets;

  /** @param prefix Before the names of all keys, without a hash tag: each key has one of its own. */
  constructor(commands: RedisCommands, prefix: string, nodes: LimitNodes, clock: Clock) {
    const line = new LimitsLine(nodes, clock);
    this.counts = new RedisConnectionCounts(commands, `${prefix}:count`, line, clock);
    this.rates = new RedisRateBuckets(commands, `${prefix}:rate`, line, clock);
  }

  /** This node is among the others, for the first time or again. */
  joined(): void {
    this.counts.rewrite();
  }

  close(): void {
    this.counts.close();
  }
}
