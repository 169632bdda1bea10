/** How many sends a second Redis can take before it has no more time, with one master, two and eight. */
import { PAYLOAD_BYTES } from '../runner/bench.mjs';
import { SECRET, stampedData } from '../runner/inputs.mjs';
import * as m from '../runner/metrics.mjs';
import { RedisClusterProcesses } from '../runner/redis-cluster.mjs';
import { WorkerProcess } from '../runner/worker-process.mjs';

const PARTITIONS = [1, 2, 8];
/** Under way at each master: one that is busy reads many commands at a time. */
const DEPTH = 64;
/** The load is to be spread evenly, to a tenth. */
const UNEVENNESS = 1.1;

export const redisPartitionsRow = {
  key: 'redis-partitions',
  results: 'cluster',
  title: 'One partition, two and eight',
  about:
    'A worker sends to 1,000 users in turn, over a Redis Cluster with as many masters as partitions. The ceiling is what the busiest ' +
    'master could take if it did nothing else: one second over its CPU for each send of all. Nobody hears the messages. The machine ' +
    'has fewer cores than there are masters, so it is their CPU that is compared, not how soon they are done. One sender does not keep ' +
    'eight masters busy, and a master that waits for commands pays more for each: what eight can take is more than is shown.',
  columns: [m.ceiling, m.busiestCpuPerSend, m.allMastersCpuPerSend, m.busiestShare],
  async run(bench) {
    const runs = {};
    for (const count of PARTITIONS) {
      runs[`cluster (${count === 1 ? 'one partition' : `${count} partitions`})`] = await measure(bench, count);
    }
    return {
      runs,
      targets: Object.values(runs).map((reports, index) => ({
        measure: `CPU of the busiest of ${PARTITIONS[index]}, over an even share`,
        unit: 'x',
        atMost: UNEVENNESS,
        values: reports.map(({ busiestShare }) => busiestShare * PARTITIONS[index]),
      })),
    };
  },
};

async function measure(bench, count) {
  const redis = await RedisClusterProcesses.start(count);
  const sender = await WorkerProcess.start('redis-sender.mjs');
  try {
    await sender.call('open', { secret: SECRET, options: { ...redis.options, partitions: count } });
    const sends = bench.size(20_000, 5_000);
    const order = {
      kind: 'user',
      count: sends,
      depth: DEPTH,
      users: 1_000,
      event: 'bench',
      data: stampedData(PAYLOAD_BYTES),
    };
    await sender.call('send', order);
    const reports = [];
    for (let round = 0; round < bench.size(5, 2); round++) {
      const { masterCpuUs } = await redis.measured(() => sender.call('send', order));
      const all = masterCpuUs.reduce((sum, cpuUs) => sum + cpuUs, 0);
      const busiest = Math.max(...masterCpuUs);
      reports.push({ busiestUsPerSend: busiest / sends, allUsPerSend: all / sends, busiestShare: busiest / all });
      bench.log(`  ${count}: ${m.ceiling(reports.at(-1)).toFixed(0)} sends/s`);
    }
    await sender.call('close');
    return reports;
  } finally {
    await sender.stop();
    await redis.stop();
  }
}
