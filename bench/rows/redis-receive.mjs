/** What a message costs on the nodes that hear it, and on one that has nobody for it. */
import { PAYLOAD_BYTES } from '../runner/bench.mjs';
import { SECRET, stampedData } from '../runner/inputs.mjs';
import * as m from '../runner/metrics.mjs';
import { RedisProcess } from '../runner/redis-process.mjs';
import { WorkerProcess } from '../runner/worker-process.mjs';

/** Few enough that messages come one by one or in small handfuls. */
const DEPTH = 16;
const KINDS = { user: 'to one user', all: 'to everyone', many: 'to three users' };

export const redisReceiveRow = {
  key: 'redis-receive',
  results: 'cluster',
  title: 'A message that is heard',
  about:
    'A worker sends; at the same time four processes hear: a node that has the user, one that has another user, and the driver alone ' +
    'subscribed to the channels of the first and to those of the second. The nodes are the backing without connections: what is counted ' +
    'is the way from the socket of Redis to where the fan-out begins. CPU is user and system time of each process.',
  columns: [m.cpuPerMessage, m.heard],
  async run(bench) {
    const redis = await RedisProcess.start();
    const workers = {};
    const start = async (name, file) => (workers[name] = await WorkerProcess.start(file));
    try {
      const sender = await start('sender', 'redis-sender.mjs');
      await sender.call('open', { url: redis.url, secret: SECRET });
      const options = { url: redis.url };
      const there = await (await start('there', 'redis-receiver.mjs')).call('follow', { options, users: ['u00000'] });
      const else_ = await (
        await start('elsewhere', 'redis-receiver.mjs')
      ).call('follow', { options, users: ['other'] });
      await (await start('driverThere', 'redis-receiver.mjs')).call('listen', { url: redis.url, channels: there });
      await (await start('driverElsewhere', 'redis-receiver.mjs')).call('listen', { url: redis.url, channels: else_ });
      return await this.compare(bench, workers);
    } finally {
      await Promise.all(Object.values(workers).map((worker) => worker.stop()));
      await redis.stop();
    }
  },

  async compare(bench, { sender, ...hearers }) {
    const count = bench.size(10_000, 5_000);
    const order = { count, depth: DEPTH, users: 1, event: 'bench', data: stampedData(PAYLOAD_BYTES) };
    const runs = {};
    const targets = [];
    const hear = async (kind) => {
      await Promise.all(Object.values(hearers).map((worker) => worker.call('begin')));
      await sender.call('send', { ...order, kind });
      // What a node that has nobody did not hear by now it is not sent.
      const reports = {};
      for (const [name, worker] of Object.entries(hearers)) {
        const waitsFor = name === 'there' || name === 'driverThere' ? count : 0;
        const { cpuUs, received } = await worker.call('finish', { count: waitsFor });
        reports[name] = { cpuUsPerMessage: cpuUs / count, heardPerSend: received / count };
      }
      return reports;
    };
    for (const [kind, title] of Object.entries(KINDS)) {
      for (let round = 0; round < 3; round++) await hear(kind);
      const rounds = [];
      for (let round = 0; round < bench.size(12, 4); round++) rounds.push(await hear(kind));
      for (const report of rounds) {
        for (const [name, figures] of Object.entries(report)) (runs[`${name} (${title})`] ??= []).push(figures);
      }
      const cost = (name) => rounds.map((report) => report[name].cpuUsPerMessage);
      const over = (values, others) => values.map((value, index) => value / others[index]);
      bench.log(
        `  ${title}: ${over(cost('there'), cost('driverThere'))
          .map((ratio) => ratio.toFixed(2))
          .join(' ')}`,
      );
      targets.push({
        measure: `a message ${title} on a node that has somebody, over the driver's own receive`,
        unit: 'x',
        atMost: 2,
        values: over(cost('there'), cost('driverThere')),
      });
      targets.push(
        kind === 'user'
          ? {
              measure: 'messages to one user that a node hears which has nobody for them',
              unit: '',
              atMost: 0,
              values: rounds.map(({ elsewhere }) => elsewhere.heardPerSend),
            }
          : {
              measure: `a message ${title} on a node that has nobody for it, over one that has`,
              unit: 'x',
              atMost: 1,
              values: over(cost('elsewhere'), cost('there')),
            },
      );
    }
    return { runs, targets };
  },
};
