/** What a client costs that only waits, over long polling and over SSE: memory, and CPU for nothing. */
import * as m from '../runner/metrics.mjs';
import { sandwichRatios } from '../runner/statistics.mjs';

const CONNECTIONS = 10_000;
/** The longest that a poll may wait, and the stretch that is measured: in it every poll is answered and asked anew once. */
const WAIT_S = 25;

export const idleStreamsRow = {
  key: 'idle-poll-10000',
  title: 'An idle long-poll client beside an idle SSE one',
  about:
    `A fresh process for every run, 10,000 clients of 10,000 users. Memory is resident memory after a forced collection, with ` +
    `all waiting and without them. CPU is measured over ${WAIT_S} s without a message, in which each poll (\`wait=${WAIT_S}\`) ` +
    'is answered empty and asked anew once and each stream has its heartbeats, and is scaled to a minute.',
  columns: [m.kbPerConnection, m.idleMb, m.cpuPerIdleMinute, m.answersPerMinute, m.foreignUse],
  async run(bench) {
    const { runs, sandwiches } = await bench.interleave({
      subject: 'oursPoll',
      others: ['oursSse'],
      rounds: bench.size(3, 1),
      measure: async (name) => {
        const server = await bench.start(name);
        const report = await bench.load(server, {
          connections: CONNECTIONS,
          collect: server.contestant.doors.collect,
          pollWait: WAIT_S,
          settle: 1,
          duration: WAIT_S,
          once: true,
        });
        await bench.stop(server);
        return report;
      },
      metric: m.kbPerConnection,
    });
    return {
      runs,
      targets: [
        {
          measure: 'KB per long-poll client, over an SSE client',
          unit: 'x',
          atMost: 1.3,
          values: sandwichRatios(sandwiches.oursSse ?? [], m.kbPerConnection),
        },
      ],
    };
  },
};
