import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';
import { StandaloneRedis } from './redis-world.js';
import { withOperator } from './redis-command.js';

/** What publishers do that are not sure. */
export const PUBLISH_FAULTS: readonly Fault<StandaloneRedis>[] = [
  {
    name: 'every send of a publisher is tried on all nodes at once, while connections are killed',
    isQuick: true,
    gaps: 'none',
    world: () => StandaloneRedis.start(),
    async strike(cluster, { server }) {
      cluster.alsoPublish(cluster.senders.toAllAtOnce(cluster.nodes));
      cluster.alsoPublish(cluster.senders.toAllAtOnce(cluster.nodes));
      await withOperator(server, async (say) => {
        for (let time = 0; time < 4; time++) {
          await sleep(400);
          await say('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        }
      });
    },
  },
];
