import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';

/** What happens to nodes. */
export const NODE_FAULTS: readonly Fault[] = [
  {
    name: 'a node is killed (-9)',
    isQuick: true,
    gaps: 'none',
    async strike(cluster) {
      await cluster.node(0).kill();
      await sleep(500);
      await cluster.node(0).restart();
    },
  },
  {
    name: 'nodes are replaced one after the other (SIGTERM)',
    isQuick: true,
    gaps: 'none',
    async strike({ nodes }) {
      for (const node of nodes) {
        await node.stop();
        await node.restart();
      }
    },
  },
  {
    name: 'a node is frozen for 5 s (SIGSTOP)',
    isQuick: false,
    gaps: 'none',
    async strike(cluster) {
      cluster.node(0).freeze();
      await sleep(5_000);
      cluster.node(0).thaw();
    },
  },
  {
    name: 'the event loop of a node stands still for 3 s',
    isQuick: false,
    gaps: 'none',
    async strike(cluster) {
      cluster.node(0).stall();
      await sleep(3_000);
    },
    isSeenIn: ({ longestSendMs }) => longestSendMs > 1_000,
  },
];
