import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';
import type { FaultResult } from './fault-result.js';
import { SentinelWorld, ShardedWorld } from './failover-worlds.js';
import { withOperator } from './redis-command.js';

/** Longer than a replica needs to take over, and nodes to find it. */
const SETTLE_MS = 3_000;
/** By so much the replica is behind. */
const LAG_MS = 1_500;

/** Where nothing is wrong an answer takes a quarter of that at most, in milliseconds. */
const FELT_MS = 500;

const hasRefused = ({ refused, unknown }: FaultResult) => refused + unknown > 0;
/** Whether the other one takes over in time for what is tried again, is a matter of luck. */
const isFelt = (result: FaultResult) => hasRefused(result) || result.longestAnswerMs >= FELT_MS;

/** Another server takes over behind Sentinels. Redis copies after it has answered, so the end of the log may be lost. */
export const SENTINEL_FAULTS: readonly Fault<SentinelWorld>[] = [
  {
    name: 'Sentinels have the replica take over from a master that is well',
    isQuick: false,
    gaps: 'may',
    world: () => SentinelWorld.start(),
    async strike(_cluster, { sentinels }) {
      await sentinels.failOver();
      await sleep(SETTLE_MS);
    },
  },
  {
    name: 'the master behind Sentinels is killed (-9)',
    isQuick: false,
    gaps: 'may',
    world: () => SentinelWorld.start(),
    async strike(_cluster, { sentinels }) {
      const master = await sentinels.master();
      await master.kill();
      await sentinels.replaced(master);
      await master.run();
      await sleep(SETTLE_MS);
    },
    isSeenIn: hasRefused,
  },
  {
    name: 'the master behind Sentinels is killed while its replica is 1.5 s behind',
    isQuick: false,
    gaps: 'told',
    world: () => SentinelWorld.start(),
    async strike(_cluster, { sentinels }) {
      const [master, replica] = [await sentinels.master(), await sentinels.replica()];
      // With a password that the master does not know the replica cannot come back to it.
      await withOperator(replica, async (say) => void (await say('CONFIG', 'SET', 'masterauth', 'unknown')));
      await withOperator(master, async (say) => void (await say('CLIENT', 'KILL', 'TYPE', 'replica')));
      await sleep(LAG_MS);
      await master.kill();
      await sentinels.replaced(master);
      await withOperator(replica, async (say) => void (await say('CONFIG', 'SET', 'masterauth', '')));
      await master.run();
      await sleep(SETTLE_MS);
    },
    isSeenIn: hasRefused,
  },
];

/** Another server of a Cluster takes over, in need or as its operator wishes. */
export const CLUSTER_FAULTS: readonly Fault<ShardedWorld>[] = [
  {
    name: 'a master of a Cluster is killed (-9)',
    isQuick: false,
    gaps: 'may',
    world: () => ShardedWorld.start(),
    async strike(_cluster, world) {
      const { server, key } = await world.busiestMaster();
      await server.kill();
      await world.cluster.replaced(server, key);
      await server.run();
      await sleep(SETTLE_MS);
    },
    isSeenIn: isFelt,
  },
  {
    name: 'a master of a Cluster is frozen for 6 s (SIGSTOP)',
    isQuick: false,
    gaps: 'may',
    world: () => ShardedWorld.start(),
    async strike(_cluster, world) {
      const { server } = await world.busiestMaster();
      server.freeze();
      await sleep(6_000);
      server.thaw();
      await sleep(SETTLE_MS);
    },
    isSeenIn: isFelt,
  },
  {
    name: 'all that is kept moves to other masters of a Cluster, slot by slot, and back',
    isQuick: false,
    gaps: 'none',
    world: () => ShardedWorld.start(),
    async strike(_cluster, world) {
      const { cluster } = world;
      for (const key of await world.usedSlots()) {
        const home = await cluster.masterOf(key);
        await cluster.moveSlotOf(key, await cluster.anotherMasterThan(key));
        await sleep(500);
        await cluster.moveSlotOf(key, home);
      }
    },
  },
];
