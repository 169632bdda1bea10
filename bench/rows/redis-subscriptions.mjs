/** A million users who are heard for: how long it takes, and takes again when every connection was cut. */
import * as m from '../runner/metrics.mjs';
import { RedisProcess } from '../runner/redis-process.mjs';
import { WorkerProcess } from '../runner/worker-process.mjs';

const NODES = 100;

export const redisSubscriptionsRow = {
  key: 'redis-subscriptions',
  results: 'cluster',
  title: 'A million users are heard for',
  about:
    `${NODES} nodes in one process, the backing of each without connections, with 10,000 users each. "Made" is from the first wish until ` +
    'what is for each user is heard; then Redis ends all connections at once, and "made anew" is until that is so again. Memory is after a ' +
    'forced collection.',
  columns: [
    m.users,
    m.madeSeconds,
    m.remadeSeconds,
    m.nodeCpuPerUser,
    m.redisCpuPerUser,
    m.nodeBytesPerUser,
    m.redisBytesPerUser,
  ],
  async run(bench) {
    const perNode = bench.size(10_000, 1_000);
    const runs = [];
    for (let round = 0; round < bench.size(2, 1); round++) {
      runs.push(await crowd(perNode));
      bench.log(
        `  made in ${m.madeSeconds(runs.at(-1)).toFixed(1)} s, anew in ${m.remadeSeconds(runs.at(-1)).toFixed(1)} s`,
      );
    }
    return {
      runs: { cluster: runs },
      targets: [
        { measure: 'a crowd is heard for again after', unit: 's', atMost: 30, values: runs.map(m.remadeSeconds) },
      ],
    };
  },
};

async function crowd(perNode) {
  const redis = await RedisProcess.start(['--client-output-buffer-limit', 'pubsub', '0', '0', '0']);
  const worker = await WorkerProcess.start('redis-crowd.mjs');
  try {
    await worker.call('open', { options: { url: redis.url }, count: NODES });
    const users = NODES * perNode;
    const [nodesBefore, redisBefore] = [await worker.call('memory'), await redis.memoryBytes()];
    const made = await redis.measured(() => worker.call('attend', { perNode }));
    const [nodesAfter, redisAfter] = [await worker.call('memory'), await redis.memoryBytes()];
    const again = await redis.measured(async () => {
      const heard = worker.call('whenHeard');
      await redis.say('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await redis.say('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      return heard;
    });
    await worker.call('close');
    return {
      users,
      madeSeconds: made.seconds,
      remadeSeconds: again.seconds,
      nodeCpuUsPerUser: made.cpuUs / users,
      redisCpuUsPerUser: made.redisCpuUs / users,
      nodeBytesPerUser:
        (nodesAfter.heapUsed + nodesAfter.external - nodesBefore.heapUsed - nodesBefore.external) / users,
      redisBytesPerUser: (redisAfter - redisBefore) / users,
    };
  } finally {
    await worker.stop();
    await redis.stop();
  }
}
