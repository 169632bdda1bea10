import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';
import { heldKilobytes } from './node-watch.js';
import { withOperator } from './redis-command.js';
import { StandaloneRedis } from './redis-world.js';

/** How long a Redis is away between its end and its next start, in milliseconds. */
const AWAY_MS = 1_000;
/** How long a Redis takes no more clients, in milliseconds. */
const FULL_MS = 1_500;

const killAndRestart: Fault<StandaloneRedis>['strike'] = async (_cluster, { server }) => {
  await server.kill();
  await sleep(AWAY_MS);
  await server.run();
};

/** What happens to Redis and to the connections with it. */
export const REDIS_FAULTS: readonly Fault<StandaloneRedis>[] = [
  {
    name: 'Redis is killed and comes back with nothing',
    isQuick: true,
    gaps: 'told',
    strike: killAndRestart,
    // A send that meets it on its way may still be answered well in time.
    isSeenIn: ({ longestSilenceMs }) => longestSilenceMs >= AWAY_MS / 2,
  },
  {
    name: 'Redis is killed and comes back with its append-only file',
    isQuick: true,
    gaps: 'none',
    world: () => StandaloneRedis.start({ settings: ['--appendonly', 'yes', '--appendfsync', 'always'] }),
    strike: killAndRestart,
    // A send that meets it on its way may still be answered well in time.
    isSeenIn: ({ longestSilenceMs }) => longestSilenceMs >= AWAY_MS / 2,
  },
  {
    name: 'Redis comes back as it was a second before, as after a failover to a replica that lagged',
    isQuick: true,
    gaps: 'told',
    async strike(_cluster, { server }) {
      await withOperator(server, async (say) => void (await say('SAVE')));
      await sleep(1_000);
      await server.kill();
      await server.run();
    },
  },
  {
    name: 'Redis is frozen for 4 s (SIGSTOP)',
    isQuick: false,
    gaps: 'none',
    async strike(_cluster, { server }) {
      server.freeze();
      await sleep(4_000);
      server.thaw();
    },
    isSeenIn: ({ refused, unknown }) => refused + unknown > 0,
  },
  {
    name: 'Redis is frozen for 30 s (SIGSTOP)',
    isQuick: false,
    gaps: 'none',
    nodeOptions: () => ({ flags: ['--expose-gc'] }),
    async strike({ nodes }, { server }) {
      server.freeze();
      // Whatever the nodes need to stand it they have by then; what grows goes on growing.
      await sleep(10_000);
      const before = await Promise.all(nodes.map(heldKilobytes));
      await sleep(20_000);
      // Without what is garbage already: how much of that lies about is up to the collector, and it is in no hurry.
      const after = await Promise.all(nodes.map(heldKilobytes));
      server.thaw();
      const value = Math.max(...after.map((held, number) => held - (before[number] ?? 0)));
      return [{ what: 'what a node holds in memory grew in the last 20 s of it by', value, unit: 'KB', atMost: 4_000 }];
    },
    isSeenIn: ({ refused, unknown }) => refused + unknown > 0,
  },
  {
    name: 'all connections with Redis are killed, three times',
    isQuick: true,
    gaps: 'none',
    strike: (_cluster, { server }) =>
      withOperator(server, async (say) => {
        for (let time = 0; time < 3; time++) {
          await say('CLIENT', 'KILL', 'TYPE', 'pubsub');
          await say('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
          await sleep(400);
        }
      }),
  },
  {
    name: 'the subscribers are killed, five times',
    isQuick: true,
    gaps: 'none',
    strike: (_cluster, { server }) =>
      withOperator(server, async (say) => {
        for (let time = 0; time < 5; time++) {
          await say('CLIENT', 'KILL', 'TYPE', 'pubsub');
          await sleep(300);
        }
      }),
  },
  {
    name: 'subscribers are cut by their output buffer',
    isQuick: true,
    gaps: 'none',
    strike: (_cluster, { server }) =>
      withOperator(server, async (say) => {
        // Longer than that is one message in fifty: each of them cuts every subscriber.
        await say('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 20kb 20kb 1');
        await sleep(2_000);
        await say('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 32mb 8mb 60');
      }),
  },
  {
    name: 'Redis has no memory left for 1.5 s (noeviction)',
    isQuick: true,
    gaps: 'none',
    strike: (_cluster, { server }) =>
      withOperator(server, async (say) => {
        await say('CONFIG', 'SET', 'maxmemory', '1');
        await sleep(1_500);
        await say('CONFIG', 'SET', 'maxmemory', '0');
      }),
    isSeenIn: ({ refused }) => refused > 0,
  },
  {
    name: 'Redis takes no more clients for 1.5 s (maxclients)',
    isQuick: true,
    gaps: 'none',
    strike: (_cluster, { server }) =>
      withOperator(server, async (say) => {
        await say('CONFIG', 'SET', 'maxclients', '1');
        await say('CLIENT', 'KILL', 'TYPE', 'pubsub');
        await say('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        await sleep(FULL_MS);
        await say('CONFIG', 'SET', 'maxclients', '10000');
      }),
    // A send may wait until it is over, and be accepted; nothing is heard meanwhile.
    isSeenIn: ({ longestSilenceMs }) => longestSilenceMs >= FULL_MS / 2,
  },
];
