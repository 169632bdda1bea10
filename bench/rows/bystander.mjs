/** What a broadcast to ten thousand does to the others: the publisher's own answer, and someone who pings meanwhile. */
import * as m from '../runner/metrics.mjs';

const ANSWER_MS = 10;
const PING_MS = 25;

export const bystanderRow = {
  key: 'answer-10000',
  title: 'A broadcast to 10,000: the answer to the publisher, and to a bystander',
  about:
    'Three broadcasts a second. The bystander is one of the ten thousand; it sends `push:ping` 15 ms after each answer, and ' +
    'the pings that were sent while a broadcast was under way count.',
  columns: [
    m.answerP50,
    m.answerP99,
    m.pingP50,
    m.pingP99,
    m.latencyP50,
    m.latencyP99,
    m.cpuPerMessage,
    m.serverUse,
    m.foreignUse,
  ],
  async run(bench) {
    const { runs } = await bench.compare({
      subject: 'ours',
      others: ['ws', 'nest', 'socketIo', 'uws'],
      rounds: bench.size(2, 1),
      load: {
        door: 'broadcast',
        connections: 10_000,
        publishers: 4,
        publishRate: 3,
        pings: true,
        warmUp: 1,
        duration: bench.size(5, 2),
      },
      metric: m.answerP50,
    });
    const ours = runs.ours ?? [];
    return {
      runs,
      targets: [
        { measure: 'the request answered, p50', unit: 'ms', atMost: ANSWER_MS, values: ours.map(m.answerP50) },
        { measure: 'the request answered, p99', unit: 'ms', atMost: ANSWER_MS, values: ours.map(m.answerP99) },
        {
          measure: "a bystander's `push:ping` answered, p50",
          unit: 'ms',
          atMost: PING_MS,
          values: ours.map(m.pingP50),
        },
        {
          measure: "a bystander's `push:ping` answered, p99",
          unit: 'ms',
          atMost: PING_MS,
          values: ours.map(m.pingP99),
        },
      ],
    };
  },
};
