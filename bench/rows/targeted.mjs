/** Messages to one user: sent in the process, and through REST one by one and in batches. */
import { PAYLOAD_BYTES } from '../runner/bench.mjs';
import { driveToUsers, writeBatch } from '../runner/inputs.mjs';
import * as m from '../runner/metrics.mjs';
import { sandwichRatios } from '../runner/statistics.mjs';

const USERS = 1000;

const toUser = {
  key: 'to-user',
  title: "One user's message through `PushService`",
  about:
    'From inside the server, eight users in each turn of the event loop, each send awaited. Bare `ws` sends a text that is ready; ' +
    'this module makes each message anew, with its id, time and cursor.',
  columns: [m.cpuPerMessage, m.userShare, m.messagesPerSecond, m.lost, m.bytesPerMessage, m.clientUse, m.foreignUse],
  async run(bench) {
    const { runs, sandwiches } = await bench.compare({
      subject: 'ours',
      others: ['ws', 'uws'],
      rounds: bench.size(5, 1),
      settings: { addressesUsers: true },
      load: driveToUsers({ count: bench.size(200_000, 50_000), users: USERS, bytes: PAYLOAD_BYTES }),
      metric: m.cpuPerMessage,
    });
    return {
      runs,
      targets: [
        {
          measure: 'CPU per message, over `ws.send` of the same text',
          unit: 'x',
          atMost: 1.3,
          values: sandwichRatios(sandwiches.ws ?? [], m.cpuPerMessage),
        },
      ],
    };
  },
};

/**
 * `single` goes to users who are online, so that their message is written too; `offline` is the same without anyone there.
 * The batch counts per message, so it is asked for in the unit of a single request.
 */
const rest = ({ platform, ours, empty, single, batch }) => ({
  key: `rest-${platform.toLowerCase()}`,
  title: `REST on ${platform}`,
  about:
    'Thirty-two keep-alive connections post to `/push/users/:userId`, one of 1,000 users online; the empty Nest route takes the ' +
    'same body and verifies the same token. A batch holds 1,000 messages to as many users.',
  columns: [
    m.cpuPerPublish,
    m.publishesPerSecond,
    m.cpuPerMessage,
    m.answerP50,
    m.answerP99,
    m.clientUse,
    m.foreignUse,
  ],
  async run(bench) {
    const servers = {};
    const duration = bench.size(2, 1);
    const singleLoad = { door: 'user', users: USERS, publishers: 32, window: 32, warmUp: 0.5, duration };
    const loads = {
      [ours]: { ...singleLoad, connections: USERS, expect: 1 },
      [empty]: { ...singleLoad, connections: 0, expect: 0 },
      offline: { ...singleLoad, connections: 0, expect: 0 },
      batch: {
        door: 'batch',
        bodyFile: writeBatch(USERS, PAYLOAD_BYTES),
        connections: USERS,
        publishers: 2,
        window: 2,
        expect: USERS,
        warmUp: 0.5,
        duration,
      },
    };
    const runs = { [ours]: [], [empty]: [], offline: [], batch: [] };
    const sandwiches = [];
    const perMessage = [];
    const isHere = bench.has('ours');
    if (isHere) servers.ours = await bench.start(ours);
    servers.empty = await bench.start(empty);
    const measure = async (kind) => {
      const server = kind === empty ? servers.empty : servers.ours;
      const report = await bench.load(server, loads[kind]);
      runs[kind].push(report);
      bench.log(`  ${kind}: ${m.cpuPerPublish.name} ${m.cpuPerPublish(report).toFixed(1)}`);
      return report;
    };
    for (const kind of isHere ? [ours, empty, 'batch'] : [empty]) {
      await measure(kind);
      runs[kind].pop();
    }
    for (let round = 0; round < bench.size(5, 1); round++) {
      const before = isHere ? await measure(ours) : undefined;
      const other = await measure(empty);
      if (!isHere) continue;
      const after = await measure(ours);
      sandwiches.push({ before, other, after });
      const inBatch = await measure('batch');
      perMessage.push(m.cpuPerMessage(inBatch) / m.cpuPerPublish(after));
      await measure('offline');
    }
    for (const server of Object.values(servers)) await bench.stop(server);
    return {
      runs,
      targets: [
        {
          measure: `a request, over the empty Nest route (${platform})`,
          unit: 'x',
          atMost: single,
          values: sandwichRatios(sandwiches, m.cpuPerPublish),
        },
        {
          measure: 'a message in a batch of 1,000, over a request for it',
          unit: 'x',
          atMost: batch,
          values: perMessage,
        },
      ],
    };
  },
});

export const targetedRows = [
  toUser,
  rest({ platform: 'Express', ours: 'oursExpress', empty: 'emptyExpress', single: 1.3, batch: 1 / 15 }),
  rest({ platform: 'Fastify', ours: 'ours', empty: 'emptyFastify', single: 1.5, batch: 1 / 6 }),
];
