import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';
import type { StalledWay } from './redis-line.js';

/** Longer than it takes to notice. */
const STALL_MS = 5_000;

/** What happens between one node and Redis. */
export const LINE_FAULTS: readonly Fault[] = [
  stalled('both', 'nothing passes between a node and Redis for 5 s, and nobody is told'),
  stalled('up', 'nothing passes from a node to Redis for 5 s'),
  stalled('down', 'nothing passes from Redis to a node for 5 s'),
];

function stalled(way: StalledWay, name: string): Fault {
  return {
    name,
    isQuick: false,
    gaps: 'none',
    cluster: { onLines: [0] },
    async strike(cluster) {
      cluster.line(0).stall(way);
      await sleep(STALL_MS);
      cluster.line(0).heal();
    },
    isSeenIn: ({ refused, unknown }) => refused + unknown > 0,
  };
}
