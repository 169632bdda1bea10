/** What a send costs Redis and the nodes as nodes are added, beside Socket.IO that does the same, and whether the model holds. */
import { PAYLOAD_BYTES } from '../runner/bench.mjs';
import { predict, unitCosts } from '../runner/cluster-model.mjs';
import { SECRET, sign, stampedData } from '../runner/inputs.mjs';
import * as m from '../runner/metrics.mjs';
import { RedisProcess } from '../runner/redis-process.mjs';
import { median } from '../runner/statistics.mjs';
import { WorkerProcess } from '../runner/worker-process.mjs';

const SIZES = [10, 50, 100];
/** Socket.IO has every node read everything: with a hundred of them this machine would be busy with nothing else. */
const STREAMS_SIZES = [10, 50];

/** Users and groups are sent to as often as the mix is: Redis does a send for less where it is woken for several at once. */
const KINDS = {
  user: { title: 'to one user', mix: { user: 100 }, perSecond: 500, deliveries: () => 1 },
  group: { title: 'to a group on two nodes', mix: { group: 100 }, perSecond: 500, deliveries: () => 2 },
  all: { title: 'to everyone', mix: { all: 100 }, perSecond: 100, deliveries: (nodes) => nodes },
};
const MIX = { title: 'mixed', mix: { user: 80, group: 15, all: 5 }, perSecond: 500 };
/** What is reckoned with the model. */
const CROWDS = [1_000_000, 10_000_000];
const CONNECTIONS_PER_NODE = 20_000;
const SENDS_PER_CONNECTION = 0.02;
const MOST_LOAD = 0.5;

const message = { event: 'bench', data: stampedData(PAYLOAD_BYTES) };

export const redisNodesRow = {
  key: 'redis-nodes',
  results: 'cluster',
  title: 'Nodes are added',
  about:
    'Ten, fifty and a hundred nodes in one process, each a whole application with connections of its own to one Redis and one WebSocket ' +
    'client; every two nodes have a group. Each node sends in its turn, at a pace that leaves the machine idle most of the time. CPU ' +
    'is that of the process with all nodes and that of Redis. The mix is 80 sends of 100 to a user, 15 to a group, 5 to everyone. ' +
    'Socket.IO does the same sends with its Redis streams adapter, a room for each user and group.',
  columns: [m.redisCpuPerSend, m.nodesCpuPerSend, m.redisCpuPerSecond, m.nodesCpuPerSecond, m.notDelivered],
  async run(bench) {
    const redis = await RedisProcess.start();
    const runs = {};
    const ours = [];
    const streams = [];
    try {
      for (const nodes of SIZES) {
        ours.push(await measureSize(bench, { redis, nodes, name: 'cluster', file: 'redis-nodes.mjs', runs }));
        if (!STREAMS_SIZES.includes(nodes)) continue;
        streams.push(await measureSize(bench, { redis, nodes, name: 'streams', file: 'streams-nodes.mjs', runs }));
      }
    } finally {
      await redis.stop();
    }
    const costs = unitCosts(ours);
    const model = modelTargets(ours, costs);
    const isGood = model.every(({ values, atMost }) => median(values) <= atMost);
    return {
      runs,
      targets: [...growthTargets(ours), ...besideTargets(ours, streams), ...model],
      note: [
        costsInWords(costs),
        isGood ? sizing(costs) : 'The model is off, so it has nothing to say of more nodes.',
      ].join('\n\n'),
    };
  },
};

/** Everything at one size: rest, each kind, the mix. */
async function measureSize(bench, { redis, nodes, name, file, runs }) {
  await redis.say('FLUSHALL');
  const host = await WorkerProcess.start(file);
  const clients = await WorkerProcess.start('cluster-clients.mjs');
  const size = { nodes };
  try {
    const ports = await host.call('open', { url: redis.url, secret: SECRET, count: nodes });
    const tokens = ports.map((_, number) => sign({ sub: `n${number}`, groups: [`g${number >> 1}`] }));
    await clients.call('open', { ports, tokens, isSocketIo: name === 'streams' });
    const seconds = bench.size(2, 1);
    const one = async (kind, { mix, perSecond, deliveries }) => {
      await clients.call('begin');
      const order = { mix, perSecond, seconds, ...message };
      const { cpuUs, redisCpuUs } = await redis.measured(() => host.call('send', order));
      const sends = perSecond * seconds;
      const due = deliveries ? deliveries(nodes) * sends : undefined;
      const { received } = await clients.call('finish', { count: due ?? 0 });
      const report = {
        redisUsPerSend: redisCpuUs / sends,
        nodesUsPerSend: cpuUs / sends,
        redisUsPerSecond: redisCpuUs / seconds,
        nodesUsPerSecond: cpuUs / seconds,
        notDelivered: due === undefined ? NaN : due - received,
      };
      return report;
    };
    const rest = await repeat(bench, async () => {
      const { cpuUs, redisCpuUs } = await redis.measured(() => host.call('rest', { seconds }));
      return { redisUsPerSecond: redisCpuUs / seconds, nodesUsPerSecond: cpuUs / seconds };
    });
    size.rest = {
      redisUs: median(rest.map((run) => run.redisUsPerSecond)),
      nodesUs: median(rest.map((run) => run.nodesUsPerSecond)),
    };
    runs[`${name} (${nodes} nodes, at rest)`] = rest;
    for (const [kind, plan] of [...Object.entries(KINDS), ['mix', MIX]]) {
      await one(kind, plan);
      const reports = await repeat(bench, () => one(kind, plan));
      runs[`${name} (${nodes} nodes, ${plan.title})`] = reports;
      // What being there costs is no part of a send.
      const own = (part) => reports.map((run) => run[`${part}UsPerSend`] - size.rest[`${part}Us`] / plan.perSecond);
      size[kind] = {
        redisUs: median(own('redis')),
        nodesUs: median(own('nodes')),
        each: own('nodes').map((cost, index) => ({ nodes: cost, redis: own('redis')[index] })),
        perSecond: reports.map(({ redisUsPerSecond, nodesUsPerSecond }) => ({ redisUsPerSecond, nodesUsPerSecond })),
      };
      bench.log(
        `  ${name}, ${nodes} nodes, ${plan.title}: Redis ${size[kind].redisUs.toFixed(1)} µs, nodes ${size[kind].nodesUs.toFixed(1)} µs`,
      );
    }
    await clients.call('close');
    await host.call('close');
    return size;
  } finally {
    await clients.stop();
    await host.stop();
  }
}

async function repeat(bench, run) {
  const reports = [];
  for (let round = 0; round < bench.size(5, 2); round++) reports.push(await run());
  return reports;
}

/** Flat for users and groups, along with the nodes for everyone. */
function growthTargets(ours) {
  const [few, many] = [ours[0], ours.at(-1)];
  const growth = (kind, part, perNode) => {
    const scale = perNode ? many.nodes / few.nodes : 1;
    return many[kind].each.map((cost) => cost[part] / few[kind][`${part}Us`] / scale);
  };
  const of = (part, title) => [
    ...['user', 'group'].map((kind) => ({
      measure: `${title} for a send ${KINDS[kind].title}, ${many.nodes} nodes over ${few.nodes}`,
      unit: 'x',
      atMost: 1.25,
      values: growth(kind, part, false),
    })),
    {
      measure: `${title} for a send to everyone and node, ${many.nodes} nodes over ${few.nodes}`,
      unit: 'x',
      atMost: 1.25,
      values: growth('all', part, true),
    },
  ];
  return [...of('redis', 'CPU of Redis'), ...of('nodes', 'CPU of all nodes')];
}

function besideTargets(ours, streams) {
  return streams.flatMap((other) => {
    const own = ours.find(({ nodes }) => nodes === other.nodes);
    return Object.entries(KINDS).map(([kind, { title }]) => ({
      measure: `CPU of nodes and Redis for a send ${title} with ${other.nodes} nodes, over Socket.IO`,
      unit: 'x',
      atMost: 1,
      values: own[kind].each.map(({ nodes, redis }) => (nodes + redis) / (other[kind].nodesUs + other[kind].redisUs)),
    }));
  });
}

/** How far what was predicted for the mix lies from what was measured. */
function modelTargets(ours, costs) {
  const perSecond = Object.fromEntries(
    Object.entries(MIX.mix).map(([kind, share]) => [kind, (MIX.perSecond * share) / 100]),
  );
  const off = (predicted, measured) => Math.abs(predicted / measured - 1) * 100;
  return ours.flatMap(({ nodes, mix }) => {
    const predicted = predict(costs, { nodes, perSecond });
    return [
      ['CPU of Redis', 'redisUs', 'redisUsPerSecond'],
      ['CPU of all nodes', 'nodesUs', 'nodesUsPerSecond'],
    ].map(([title, part, measured]) => ({
      measure: `the model beside the mix that was measured, ${nodes} nodes, ${title}: off by`,
      unit: '%',
      atMost: 25,
      values: mix.perSecond.map((run) => off(predicted[part], run[measured])),
    }));
  });
}

/** What the model says of clusters that nobody has measured here. */
function sizing(costs) {
  const rows = CROWDS.map((connections) => {
    const nodes = connections / CONNECTIONS_PER_NODE;
    const sends = connections * SENDS_PER_CONNECTION;
    const perSecond = { user: sends * 0.9, group: sends * 0.1, all: 1 };
    const { redisUs, nodesUs } = predict(costs, { nodes, perSecond });
    const cores = (us) => (us / 1e6).toFixed(1);
    return [connections, nodes, sends, cores(redisUs), Math.ceil(redisUs / 1e6 / MOST_LOAD), cores(nodesUs)].map(
      (cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell),
    );
  });
  const head = ['connections', 'nodes', 'sends/s', 'cores of Redis', 'masters, half idle', 'cores of all nodes'];
  const table = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return (
    `What the model says of more than was measured, with ${CONNECTIONS_PER_NODE.toLocaleString('en')} connections on a node, a send for each ` +
    'connection every 50 s, nine of ten to a user and one to a group on two nodes, and one broadcast a second. It is a reckoning from costs ' +
    'taken at a low pace; writing to the sockets of clients comes on top, and a broadcast goes to each of them:\n\n' +
    table
  );
}

function costsInWords({ rest, user, group, all }) {
  const us = (value) => `${value.toFixed(1)} µs`;
  const line = (part) =>
    `${us(user[part])} for a send to a user, ${us(group[part])} to a group on two nodes, ${us(all[part].fixed)} and ` +
    `${us(all[part].perNode)} for each node to everyone; ${us(rest[part].fixed)} a second and ${us(rest[part].perNode)} for ` +
    'each node that is there';
  return `Unit costs of the model. Redis: ${line('redisUs')}. All nodes: ${line('nodesUs')}.`;
}
