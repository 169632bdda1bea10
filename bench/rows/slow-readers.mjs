/** One reader in a hundred stops reading, while 1 KB messages are broadcast as fast as they go. */
import * as m from '../runner/metrics.mjs';

const CONNECTIONS = 1000;
const SLOW = 10;

export const slowReadersRow = {
  key: 'slow-readers',
  title: '1 % of clients not reading, 1 KB flat out',
  about:
    'A fresh process for every run. Four publishers keep four broadcasts under way to those who read; the slow ones have a small ' +
    'receive buffer and never read after they have joined.',
  columns: [
    m.latencyP50,
    m.latencyP99,
    m.endMb,
    m.peakMb,
    m.slowCutOff,
    m.messagesPerSecond,
    m.cpuPerMessage,
    m.foreignUse,
  ],
  async run(bench) {
    const duration = bench.size(8, 4);
    const runs = {};
    const measure = async (name, slowReaders) => {
      const server = await bench.start(name);
      const report = await bench.load(server, {
        door: 'broadcast',
        payloadBytes: 1024,
        connections: CONNECTIONS,
        slowReaders,
        publishers: 4,
        window: 4,
        warmUp: 1,
        duration,
        once: true,
      });
      await bench.stop(server);
      (runs[slowReaders > 0 ? `${name} (${slowReaders} slow)` : name] ??= []).push(report);
      bench.log(
        `  ${name}, ${slowReaders} slow: p99 ${m.latencyP99(report).toFixed(2)} ms, ${m.peakMb(report).toFixed(0)} MB`,
      );
      return report;
    };
    const latency = [];
    const memory = [];
    for (let round = 0; round < bench.size(3, 1) && bench.has('ours'); round++) {
      const before = await measure('ours', 0);
      const slow = await measure('ours', SLOW);
      const after = await measure('ours', 0);
      latency.push((2 * m.latencyP99(slow)) / (m.latencyP99(before) + m.latencyP99(after)));
      memory.push((2 * m.peakMb(slow)) / (m.peakMb(before) + m.peakMb(after)));
    }
    for (const name of ['ws', 'uws']) {
      await measure(name, 0);
      await measure(name, SLOW);
    }
    return {
      runs,
      targets: [
        { measure: 'p99 of the others, over the run without slow readers', unit: 'x', atMost: 1.2, values: latency },
        { measure: 'memory at most, over the run without slow readers', unit: 'x', atMost: 1.2, values: memory },
      ],
    };
  },
};
