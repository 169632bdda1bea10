/** All clients cut at once come back, each with something missed: how long until they have it, beside bare handshakes. */
import { PAYLOAD_BYTES } from '../runner/bench.mjs';
import { writeDrive } from '../runner/inputs.mjs';
import * as m from '../runner/metrics.mjs';

const MISSED = 20;
const AT_MOST = 2;

/** What is published while nobody is there: to everyone, or as many to each user alone. */
const VARIANTS = [
  { name: 'ours', kind: 'broadcasts', title: 'broadcasts, WebSocket' },
  { name: 'ours', kind: 'own messages', title: 'own messages, WebSocket' },
  { name: 'oursSse', kind: 'broadcasts', title: 'broadcasts, SSE' },
];

/** Published inside the process, so that no request for it takes part in the storm. */
function missedLoad(kind, clients) {
  const order =
    kind === 'broadcasts'
      ? { toAll: true, count: MISSED, perTurn: MISSED, users: 1 }
      : { count: MISSED * clients, perTurn: 8, users: clients };
  return { door: 'drive', publishCount: 1, bodyFile: writeDrive(order, PAYLOAD_BYTES) };
}

async function ride(bench, { name, kind }, clients) {
  const server = await bench.start(name);
  const report = await bench.load(server, {
    ...missedLoad(kind, clients),
    storm: true,
    missed: MISSED,
    connections: clients,
    timeout: 120,
    drain: 30,
    once: true,
  });
  await bench.stop(server);
  return report;
}

function targetsOf(title, runs) {
  return [
    {
      measure: `p99 of the catch-up, over the bare handshakes (${title})`,
      unit: 'x',
      atMost: AT_MOST,
      values: runs.map(m.catchUpOverBare),
    },
    { measure: `clients not caught up (${title})`, unit: '', atMost: 0, values: runs.map(m.incomplete) },
    { measure: `gaps and repeats (${title})`, unit: '', atMost: 0, values: runs.map(m.gapsOrRepeats) },
  ];
}

export const stormRow = {
  key: 'storm-10000',
  title: `A reconnect storm: 10,000 clients cut at once, each missing ${MISSED} messages`,
  about:
    'A fresh process for every run, each after one rehearsal. (A quick pass has 2,000 clients.) All clients are reset at once; once the server has noticed, the messages are ' +
    'published inside it, and all come back with their last cursor, 128 handshakes under way at any time. A client has caught up when ' +
    `its ${MISSED}th message is there; the time counts from the start of the storm. The bare handshakes are the same 10,000 ` +
    'without a cursor, to the welcome of the last: once before the storm and once after it, on the same server, of which the ' +
    'middle is given.',
  columns: [
    m.clients,
    m.bareMs,
    m.catchUpP50,
    m.catchUpP99,
    m.catchUpMax,
    m.catchUpOverBare,
    m.bareCpu,
    m.stormCpu,
    m.incomplete,
    m.gapsOrRepeats,
    m.clientUse,
    m.foreignUse,
  ],
  async run(bench) {
    const clients = bench.size(10_000, 2000);
    const variants = VARIANTS.filter(({ name }) => bench.has(name));
    const runs = {};
    for (let round = 0; round < bench.size(3, 1); round++) {
      for (const variant of variants) {
        const report = await ride(bench, variant, clients);
        (runs[`${variant.name} (${variant.kind})`] ??= []).push(report);
        bench.log(`  ${variant.title}: ${m.catchUpOverBare.name} ${m.catchUpOverBare(report).toFixed(2)}`);
      }
    }
    return {
      runs,
      targets: variants.flatMap(({ name, kind, title }) => targetsOf(title, runs[`${name} (${kind})`])),
    };
  },
};
