/** Some readers stop reading: while 1 KB messages are broadcast as fast as they go, and while each user is sent its own. */
import { writeDrive } from '../runner/inputs.mjs';
import * as m from '../runner/metrics.mjs';

const CONNECTIONS = 1000;

const COLUMNS = [
  m.latencyP50,
  m.latencyP99,
  m.endMb,
  m.peakMb,
  m.slowCutOff,
  m.messagesPerSecond,
  m.cpuPerMessage,
  m.foreignUse,
];

/**
 * Makes runs of one kind, each with a fresh process, and keeps their reports by server and number of slow readers, by which
 * `loadOf` says what the run is.
 */
function measuring(bench, loadOf, { subject = 'ours', settings } = {}) {
  const runs = {};
  const measure = async (name, slowReaders) => {
    const server = await bench.start(name, settings);
    const report = await bench.load(server, {
      connections: CONNECTIONS,
      slowReaders,
      once: true,
      ...loadOf(slowReaders),
    });
    await bench.stop(server);
    (runs[slowReaders > 0 ? `${name} (${slowReaders} slow)` : name] ??= []).push(report);
    bench.log(
      `  ${name}, ${slowReaders} slow: p99 ${m.latencyP99(report).toFixed(2)} ms, ${m.peakMb(report).toFixed(0)} MB`,
    );
    return report;
  };
  /** A run with slow readers between two without, `rounds` times. */
  const sandwich = async (slowReaders, rounds) => {
    const sandwiches = [];
    for (let round = 0; round < rounds && bench.has(subject); round++) {
      const before = await measure(subject, 0);
      const slow = await measure(subject, slowReaders);
      sandwiches.push({ before, slow, after: await measure(subject, 0) });
    }
    return sandwiches;
  };
  return { runs, measure, sandwich };
}

const over =
  (metric) =>
  ({ before, slow, after }) =>
    (2 * metric(slow)) / (metric(before) + metric(after));

const overWebSocket = { key: 'slow-readers', subject: 'ours', whose: 'clients' };
const overSse = { key: 'slow-streams', subject: 'oursSse', whose: 'event streams' };

const broadcast = ({ key, subject, whose }, share, peers = []) => ({
  key: share === 1 ? key : `${key}-${share}`,
  title: `${share} % of ${whose} not reading, 1 KB flat out`,
  about:
    'A fresh process for every run. Four publishers keep four broadcasts under way to those who read; the slow ones have a small ' +
    'receive buffer and never read after they have joined.',
  columns: COLUMNS,
  async run(bench) {
    const load = {
      door: 'broadcast',
      payloadBytes: 1024,
      publishers: 4,
      window: 4,
      warmUp: 1,
      duration: bench.size(8, 4),
    };
    const { runs, measure, sandwich } = measuring(bench, () => load, { subject });
    const slow = (CONNECTIONS * share) / 100;
    const sandwiches = await sandwich(slow, bench.size(3, 1));
    for (const name of peers) {
      await measure(name, 0);
      await measure(name, slow);
    }
    const others = { unit: 'x', atMost: 1.2 };
    return {
      runs,
      targets: [
        {
          measure: 'p99 of the others, over the run without slow readers',
          ...others,
          values: sandwiches.map(over(m.latencyP99)),
        },
        {
          measure: 'memory at most, over the run without slow readers',
          ...others,
          values: sandwiches.map(over(m.peakMb)),
        },
      ],
    };
  },
});

const PER_USER_BYTES = 8_192;
const BOUND_MB = 64;

const perUser = {
  key: 'slow-users',
  title: '50 % of users not reading, each sent messages of its own',
  about:
    `A fresh process for every run. From inside the server 8 KB go to one user after the other, eight in each turn of the event loop. Those to the slow ones have ` +
    `nobody to share with. \`maxTotalQueueBytes\` is ${BOUND_MB} MB; each of the 500 slow ones is sent more than the bound leaves it, and without the bound might hold 1 MB.`,
  columns: COLUMNS,
  async run(bench) {
    const count = bench.size(200_000, 40_000);
    const loadFor = (readers) => ({
      door: 'drive',
      bodyFile: writeDrive({ count, perTurn: 8, users: CONNECTIONS }, PER_USER_BYTES),
      publishCount: 1,
      expect: (count * readers) / CONNECTIONS,
      duration: 120,
      drain: 10,
    });
    const settings = {
      addressesUsers: true,
      push: { maxTotalQueueBytes: BOUND_MB * 2 ** 20, historyCount: 0, historyAllCount: 0 },
    };
    const { runs, sandwich } = measuring(bench, (slow) => loadFor(CONNECTIONS - slow), { settings });
    const sandwiches = await sandwich(CONNECTIONS / 2, bench.size(3, 1));
    const more = ({ before, slow, after }) => m.peakMb(slow) - (m.peakMb(before) + m.peakMb(after)) / 2;
    const measure = 'memory at most, more than in the run without slow readers';
    return { runs, targets: [{ measure, unit: 'MB', atMost: BOUND_MB, values: sandwiches.map(more) }] };
  },
};

export const slowReaderRows = [
  broadcast(overWebSocket, 1, ['ws', 'uws']),
  broadcast(overWebSocket, 10),
  broadcast(overWebSocket, 50, ['ws', 'uws']),
  perUser,
];

/** For a pass of their own, with packets as on Ethernet: what they show is the kernel's doing otherwise. */
export const slowStreamRows = [broadcast(overSse, 1), broadcast(overSse, 10), broadcast(overSse, 50)];
