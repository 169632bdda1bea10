import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/eventually.js';
import type { Fault } from './fault.js';
import { connectTo, elapsed, presenceGone } from './node-watch.js';
import { restOf } from './node-senders.js';
import { nextWireFlags } from './next-wire.js';

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
    name: 'a node is killed (-9) and stays away',
    isQuick: false,
    gaps: 'none',
    async strike(cluster) {
      await connectTo(cluster.node(0), 'lone');
      await eventually(async () => {
        const { json } = await restOf(cluster.node(1)).get('/push/users/lone/presence');
        return json['online'] === true;
      });
      const since = performance.now();
      await cluster.node(0).kill();
      const presence = await presenceGone(cluster.node(1), 'lone', since);
      await eventually(async () => (await restOf(cluster.node(1)).get('/push/stats')).json['nodes'] === 2);
      const counted = { what: 'no longer counted after', value: elapsed(since), unit: 'ms', atMost: 6_000 };
      await cluster.node(0).restart();
      return [presence, counted];
    },
  },
  {
    name: 'nodes are replaced one after the other (SIGTERM)',
    // The rolling restart of every test run shows the same, behind a balancer.
    isQuick: false,
    gaps: 'none',
    async strike({ nodes }) {
      let longest = 0;
      for (const node of nodes) {
        const since = performance.now();
        await node.stop();
        longest = Math.max(longest, elapsed(since));
        await node.restart();
      }
      return [{ what: 'a node takes its leave within', value: longest, unit: 'ms' }];
    },
  },
  {
    name: 'nodes are replaced by a version that speaks another wire, one after the other',
    isQuick: false,
    gaps: 'none',
    // What a node of the other version says of a membership is not understood, but doubted: it is read within 6 s. So
    // long the one node may deliver what the other does not, and from then on all must, which this run checks too.
    membershipsSeenWithinMs: 6_000,
    async strike({ nodes }) {
      for (const node of nodes) {
        await node.stop();
        await node.restart({ flags: nextWireFlags() });
        await sleep(4_000);
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
      await sleep(3_500);
    },
    isSeenIn: ({ longestAnswerMs }) => longestAnswerMs > 1_000,
  },
];
