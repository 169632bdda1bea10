/** What a connection costs: the memory of an idle one and the handshake that made it. */
import * as m from '../runner/metrics.mjs';
import { sandwichRatios } from '../runner/statistics.mjs';

const CONNECTIONS = 10_000;

const memory = {
  key: 'memory-10000',
  title: 'Memory per idle connection',
  about:
    'A fresh process for every run. Resident memory after a forced collection, with 10,000 connections of 10,000 users and ' +
    'without them.',
  columns: [m.kbPerConnection, m.idleMb],
  async run(bench) {
    const { runs, sandwiches } = await bench.interleave({
      subject: 'ours',
      others: ['ws', 'nest', 'socketIo', 'uws'],
      rounds: bench.size(3, 1),
      measure: async (name) => {
        const server = await bench.start(name);
        const { contestant } = server;
        const report = await bench.load(server, {
          connections: CONNECTIONS,
          collect: contestant.doors.collect,
          settle: 1,
          duration: 0,
          once: true,
        });
        await bench.stop(server);
        return report;
      },
      metric: m.kbPerConnection,
    });
    const over = (name) => sandwichRatios(sandwiches[name] ?? [], m.kbPerConnection);
    return {
      runs,
      targets: [
        { measure: 'KB per connection, over bare `ws`', unit: 'x', atMost: 1.4, values: over('ws') },
        { measure: 'KB per connection, over the Nest gateway', unit: 'x', atMost: 0.5, values: over('nest') },
      ],
    };
  },
};

const WARM_UPS = 2;
const WARM_RUNS = 2;

const fastest = (runs) => Math.min(...runs.map(m.cpuPerConnect));

const handshake = {
  key: 'handshake-10000',
  title: 'CPU per handshake',
  about:
    'Cold: the first 10,000 connections of a fresh process. Warm: 10,000 more after two rounds of connecting and leaving. ' +
    'Every connection has a token that the server has not seen. This module verifies ' +
    'HS256 and says welcome; of the others only "with the token verified" looks at the token.',
  columns: [m.cpuPerConnect, m.userShare, m.connectsPerSecond, m.clientUse, m.foreignUse],
  async run(bench) {
    const warm = {};
    const connectAnew = (server) => {
      bench.renewTokens();
      return bench.load(server, {
        connections: CONNECTIONS,
        collect: server.contestant.doors.collect,
        duration: 0,
        once: true,
      });
    };
    const { runs, sandwiches } = await bench.interleave({
      subject: 'ours',
      others: ['ws', 'wsVerified', 'nest', 'socketIo', 'uws'],
      rounds: bench.size(3, 1),
      measure: async (name) => {
        const server = await bench.start(name);
        const cold = await connectAnew(server);
        const later = [];
        for (let run = 0; run < WARM_UPS + WARM_RUNS; run++) later.push(await connectAnew(server));
        const measured = later.slice(WARM_UPS);
        (warm[name] ??= []).push(...measured);
        await bench.stop(server);
        return { ...cold, warmCpuUs: fastest(measured) };
      },
      metric: m.cpuPerConnect,
    });
    const over = (metric) => sandwichRatios(sandwiches.ws ?? [], metric);
    const named = (all, kind) => Object.entries(all).map(([name, of]) => [`${name}${kind}`, of]);
    return {
      runs: Object.fromEntries([...named(runs, ''), ...named(warm, ' (warm)')]),
      targets: [
        { measure: 'cold, over bare `ws`', unit: 'x', atMost: 1.4, values: over(m.cpuPerConnect) },
        { measure: 'warm, over bare `ws`', unit: 'x', atMost: 1.8, values: over((run) => run.warmCpuUs) },
      ],
    };
  },
};

export const connectionRows = [memory, handshake];
