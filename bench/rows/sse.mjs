/** Fan-out over server-sent events, beside Nest's own and the one of an nginx module written in C. */
import * as m from '../runner/metrics.mjs';
import { sandwichRatios } from '../runner/statistics.mjs';

const CONNECTIONS = 1000;
const WARM_UP_S = 5;

const target = (result, name, title, atMost) => ({
  measure: `CPU per event, over ${title}`,
  unit: 'x',
  atMost,
  values: sandwichRatios(result.sandwiches[name] ?? [], m.cpuPerMessage),
});

export const sseRow = {
  key: 'sse-1000',
  title: 'SSE: broadcast to 1,000, nothing to join',
  about:
    'One publisher; the next event is posted when the last one has arrived everywhere, so each costs a write of its own. The ' +
    'data of an event is equally long everywhere; each server adds its own `id:`. nchan keeps as long a history and sends on ' +
    'the body that it is given. The line over WebSocket is the same module in the same minutes.',
  columns: [
    m.cpuPerMessage,
    m.userShare,
    m.messagesPerSecond,
    m.latencyP50,
    m.latencyP99,
    m.answerP50,
    m.lost,
    m.bytesPerMessage,
    m.serverUse,
    m.clientUse,
    m.foreignUse,
  ],
  async run(bench) {
    const load = { door: 'broadcast', connections: CONNECTIONS, warmUp: 0.5, duration: bench.size(1.5, 1) };
    const result = await bench.compare({
      subject: 'oursSse',
      others: ['nestSse', 'nestSseExpress', 'nchan', 'ours'],
      rounds: bench.size(7, 1),
      load,
      warmUp: { ...load, duration: WARM_UP_S },
      metric: m.cpuPerMessage,
    });
    return {
      runs: result.runs,
      note: bench.whyAbsent(['nestSse', 'nchan']),
      targets: [
        target(result, 'nestSseExpress', "Nest's `@Sse()` on Express, its default", 0.35),
        target(result, 'nestSse', "Nest's `@Sse()` on Fastify", 0.35),
        target(result, 'nchan', 'nchan', 1.1),
      ],
    };
  },
};
