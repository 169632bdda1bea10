/** An accepted send through Redis, beside the driver that says the same commands and knows nothing of what they are for. */
import { PAYLOAD_BYTES } from '../runner/bench.mjs';
import { SECRET, stampedData } from '../runner/inputs.mjs';
import * as m from '../runner/metrics.mjs';
import { RedisProcess } from '../runner/redis-process.mjs';
import { WorkerProcess } from '../runner/worker-process.mjs';

const DEPTH = 64;
const KINDS = { user: 'to one user', group: 'to one group', all: 'to everyone' };

export const redisSendRow = {
  key: 'redis-send',
  results: 'cluster',
  title: 'A send through Redis',
  about:
    'A worker process without connections sends with `PushService`, each send awaited until Redis has taken it, ' +
    `${DEPTH} under way. In the same process the driver alone then calls the same script with the very arguments that the module ` +
    'called it with, as deep. CPU is user and system time of that process. Taken in turns: driver, module, driver.',
  columns: [m.cpuPerSend],
  async run(bench) {
    const count = bench.size(8_000, 4_000);
    const order = { count, depth: DEPTH, users: 1_000, groups: 100, event: 'bench', data: stampedData(PAYLOAD_BYTES) };
    const redis = await RedisProcess.start();
    const sender = await WorkerProcess.start('redis-sender.mjs');
    const runs = {};
    const targets = [];
    try {
      await sender.call('open', { url: redis.url, secret: SECRET });
      for (const [kind, title] of Object.entries(KINDS)) {
        for (let round = 0; round < 3; round++) await sender.call('compare', { ...order, kind });
        const ratios = [];
        for (let round = 0; round < bench.size(15, 5); round++) {
          const { ours, bare } = await sender.call('compare', { ...order, kind });
          (runs[`cluster (${title})`] ??= []).push({ cpuUsPerSend: ours });
          (runs[`driver (${title})`] ??= []).push({ cpuUsPerSend: bare });
          ratios.push(ours / bare);
        }
        bench.log(`  ${title}: ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}`);
        targets.push({
          measure: `a send ${title}, over the driver's bare call`,
          unit: 'x',
          atMost: 1.5,
          values: ratios,
        });
      }
      await sender.call('close');
    } finally {
      await sender.stop();
      await redis.stop();
    }
    return { runs, targets };
  },
};
