import { systemClock } from '../../core/clock.js';
import type { Clock } from '../../core/clock.js';
import type { ConnectionCounts, SharedLimits } from '../shared-limits.interface.js';
import { MemoryRateBuckets } from './memory-rate-buckets.js';

/** A node without others: what it has is all there is. */
const ALONE: ConnectionCounts = {
  isShared: false,
  enter: (_subject, here, limit) => here <= limit,
  hasRoom: (_subject, here, limit) => here <= limit,
  settle: () => {},
};

/** The limits of one process. */
export class MemoryLimits implements SharedLimits {
  readonly counts = ALONE;
  readonly rates: MemoryRateBuckets;

  constructor(clock: Pick<Clock, 'now'> = systemClock) {
    this.rates = new MemoryRateBuckets(clock);
  }
}
