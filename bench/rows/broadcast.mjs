/** Broadcasts to everyone: one at a time, sixteen in flight, and offered at a rate whatever the server does. */
import * as m from '../runner/metrics.mjs';
import { sandwichRatios } from '../runner/statistics.mjs';

/** In a quick pass too: a larger application takes longer until its code is compiled, and would look slower than it is. */
const WARM_UP_S = 5;

const columns = [
  m.cpuPerMessage, m.userShare, m.messagesPerSecond, m.latencyP50, m.latencyP99, m.answerP50, m.lost, m.bytesPerMessage,
  m.serverUse, m.clientUse, m.foreignUse,
]; // prettier-ignore

const cpuTarget = (result, other, atMost) => ({
  measure: `CPU per message, over ${other.title}`,
  unit: 'x',
  atMost,
  values: sandwichRatios(result.sandwiches[other.name] ?? [], m.cpuPerMessage),
});

/** Nothing to join: the next broadcast is posted when the last one has arrived everywhere. */
const oneAtATime = (connections) => ({
  key: `broadcast-${connections}`,
  title: `Broadcast to ${connections.toLocaleString('en')}, nothing to join`,
  about: 'One publisher; the next broadcast is posted when the last one has arrived everywhere.',
  columns,
  async run(bench) {
    const isLarge = connections > 1000;
    const load = {
      door: 'broadcast',
      connections,
      warmUp: 0.5,
      duration: bench.size(isLarge ? 3 : 1.5, 1),
    };
    const result = await bench.compare({
      subject: 'ours',
      others: ['ws', 'nest', 'socketIo', 'uws'],
      rounds: bench.size(isLarge ? 3 : 5, 1),
      load,
      warmUp: { ...load, duration: WARM_UP_S },
      metric: m.cpuPerMessage,
    });
    return {
      runs: result.runs,
      targets: [
        cpuTarget(result, { name: 'ws', title: 'bare `ws`' }, 0.85),
        cpuTarget(result, { name: 'nest', title: 'the Nest gateway' }, 0.73),
        cpuTarget(result, { name: 'socketIo', title: 'Socket.IO' }, 0.65),
        cpuTarget(result, { name: 'uws', title: 'uWebSockets.js' }, 1.3),
      ],
    };
  },
});

const burst = {
  key: 'burst-1000',
  title: 'Broadcast to 1,000, sixteen in flight',
  about: 'Sixteen publishers keep sixteen broadcasts under way.',
  columns,
  async run(bench) {
    const load = {
      door: 'broadcast',
      connections: 1000,
      publishers: 16,
      window: 16,
      warmUp: 0.5,
      duration: bench.size(2, 1),
    };
    const result = await bench.compare({
      subject: 'ours',
      others: ['ws', 'uws', 'oursDirect', 'nest', 'socketIo'],
      rounds: bench.size(5, 1),
      load,
      warmUp: { ...load, duration: WARM_UP_S },
      metric: m.cpuPerMessage,
    });
    return {
      runs: result.runs,
      targets: [
        cpuTarget(result, { name: 'ws', title: 'bare `ws`' }, 0.09),
        cpuTarget(result, { name: 'uws', title: 'uWebSockets.js' }, 1.3),
      ],
    };
  },
};

const window = {
  key: 'window-500',
  title: '500 broadcasts a second to 1,000, with a flush window of 5 ms',
  about: 'Open loop: a broadcast is stamped with the time it was due at, not with the time it could be posted.',
  columns,
  async run(bench) {
    const load = {
      door: 'broadcast',
      connections: 1000,
      publishers: 64,
      publishRate: 500,
      warmUp: 1,
      duration: bench.size(3, 1),
    };
    const result = await bench.compare({
      subject: 'oursWindow',
      others: ['uws', 'ours'],
      rounds: bench.size(4, 1),
      load,
      metric: m.cpuPerMessage,
    });
    return { runs: result.runs, targets: [cpuTarget(result, { name: 'uws', title: 'uWebSockets.js' }, 0.75)] };
  },
};

const overload = {
  key: 'overload-2000',
  title: '2,000 broadcasts a second offered to 1,000',
  about:
    'Open loop. Bare `ws` and Socket.IO are run once, to show where a loop over all clients ends: what had not arrived 5 s ' +
    'after the last broadcast is counted as not arrived.',
  columns: [m.publishesPerSecond, ...columns],
  async run(bench) {
    const load = {
      door: 'broadcast',
      connections: 1000,
      publishers: 128,
      publishRate: 2000,
      warmUp: 1,
      duration: bench.size(3, 1),
    };
    const { runs, sandwiches } = await bench.compare({
      subject: 'ours',
      others: ['uws'],
      rounds: bench.size(4, 1),
      load,
      metric: m.latencyP99,
    });
    for (const name of ['ws', 'socketIo']) {
      const server = await bench.start(name);
      runs[name] = [await bench.load(server, load)];
      await bench.stop(server);
    }
    const ours = runs.ours ?? [];
    return {
      runs,
      targets: [
        { measure: 'messages that did not arrive', unit: '', atMost: 0, values: ours.map(m.lost) },
        {
          measure: 'broadcasts offered but not taken, of a hundred',
          unit: '',
          atMost: 1,
          values: ours.map((run) => Math.max(0, 100 - run.publishesPerSecond / 20)),
        },
        {
          measure: 'p99 of arrival, over uWebSockets.js',
          unit: 'x',
          atMost: 2,
          values: sandwichRatios(sandwiches.uws ?? [], m.latencyP99),
        },
      ],
    };
  },
};

export const broadcastRows = [oneAtATime(1000), oneAtATime(10_000), burst, window, overload];
