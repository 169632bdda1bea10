/**
 * The benchmark: one command, one run, everything side by side on this machine.
 *
 *   npm run bench                                     everything; writes bench/RESULTS.md
 *   npm run bench -- --cluster                        the rows about several nodes; writes bench/RESULTS-CLUSTER.md
 *   npm run bench -- --list                           the rows
 *   npm run bench -- --quick --only broadcast-1000    one row, short; writes .build/bench/RESULTS.md
 *   npm run bench -- --peers-only --no-build --out <file>
 *   npm run bench -- --packet-bytes 1500 --only slow-streams-50    over a loopback with packets as on Ethernet
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format } from 'prettier';
import { build } from '../scripts/build.mjs';
import { broadcastRows } from './rows/broadcast.mjs';
import { bystanderRow } from './rows/bystander.mjs';
import { connectionRows } from './rows/connections.mjs';
import { consoleCostRow } from './rows/console-cost.mjs';
import { historyMemoryRow } from './rows/history-memory.mjs';
import { idleStreamsRow } from './rows/idle-streams.mjs';
import { redisNodesRow } from './rows/redis-nodes.mjs';
import { redisPartitionsRow } from './rows/redis-partitions.mjs';
import { redisReceiveRow } from './rows/redis-receive.mjs';
import { redisSendRow } from './rows/redis-send.mjs';
import { redisSubscriptionsRow } from './rows/redis-subscriptions.mjs';
import { slowReaderRows, slowStreamRows } from './rows/slow-readers.mjs';
import { sseRow } from './rows/sse.mjs';
import { stormRow } from './rows/storm.mjs';
import { targetedRows } from './rows/targeted.mjs';
import { Bench } from './runner/bench.mjs';
import { compileLoadGenerator } from './runner/load-generator.mjs';
import { describeMachine } from './runner/machine.mjs';
import { whyNoNchan } from './runner/nginx-process.mjs';
import { packetBytes, repeatWithPackets } from './runner/packet-size.mjs';
import { whyNoRedis } from './runner/redis-process.mjs';
import { renderResults } from './runner/report.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = join(root, '.build/bench');
const SERVER_ROWS = [
  ...broadcastRows,
  bystanderRow,
  ...connectionRows,
  ...targetedRows,
  consoleCostRow,
  ...slowReaderRows,
  sseRow,
  idleStreamsRow,
  stormRow,
  historyMemoryRow,
];
const CLUSTER_ROWS = [redisSendRow, redisReceiveRow, redisSubscriptionsRow, redisPartitionsRow, redisNodesRow];
const ALL_ROWS = [...SERVER_ROWS, ...slowStreamRows, ...CLUSTER_ROWS];
const OURS = ['ours', 'oursExpress', 'oursWindow', 'oursDirect', 'oursSse', 'oursPoll', 'oursConsole', 'oursWatched'];
/** Stands in for the measured length when this module is left out. */
const USUAL_FRAME_BYTES = 280;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    cluster: { type: 'boolean', default: false },
    'peers-only': { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
    out: { type: 'string' },
    'packet-bytes': { type: 'string' },
  },
});

function chooseRows() {
  const wanted = options.only?.flatMap((names) => names.split(','));
  const unknown = wanted?.filter((name) => !ALL_ROWS.some((row) => row.key === name)) ?? [];
  if (unknown.length > 0) throw new Error(`No such row: ${unknown.join(', ')}. There are: ${keys(ALL_ROWS)}`);
  if (!wanted) return options.cluster ? CLUSTER_ROWS : SERVER_ROWS;
  const rows = ALL_ROWS.filter((row) => wanted.includes(row.key));
  if (new Set(rows.map((row) => CLUSTER_ROWS.includes(row))).size > 1)
    throw new Error('Rows about several nodes have results of their own: name them in a run of their own.');
  return rows;
}

const keys = (rows) => rows.map((row) => row.key).join(', ');

const absentOurs = (isHere) =>
  isHere ? {} : Object.fromEntries(OURS.map((name) => [name, 'this module was left out (`--peers-only`).']));

/** The length of one of our messages with the standard payload, as a client gets it after some thousand others. */
async function measureFrame(bench) {
  const server = await bench.start('ours');
  const report = await bench.load(server, { door: 'broadcast', connections: 1, publishCount: 3000, duration: 10 });
  await bench.stop(server);
  return Math.round(report.bytesPerMessage);
}

async function main() {
  if (options.list) return console.log(ALL_ROWS.map((row) => `${row.key.padEnd(18)} ${row.title}`).join('\n'));
  const rows = chooseRows();
  const isCluster = CLUSTER_ROWS.includes(rows[0]);
  if (isCluster && whyNoRedis() !== undefined) throw new Error(`Not measured: ${whyNoRedis()}`);
  if (!isCluster) compileLoadGenerator();
  const withOurs = !options['peers-only'];
  if (withOurs && !options['no-build']) await build();

  const isFull = withOurs && !options.quick && options.only === undefined;
  const started = Date.now();
  const bench = new Bench({
    quick: options.quick,
    absent: { ...absentOurs(withOurs), nchan: whyNoNchan() },
    log: (line) => console.error(line),
  });
  const measured = [];
  const render = (kind) => {
    const seconds = (Date.now() - started) / 1000;
    const machine = describeMachine();
    return renderResults({ rows: measured, machine, kind, frameBytes: bench.frameBytes, seconds, isCluster });
  };
  const name = isCluster ? 'RESULTS-CLUSTER.md' : 'RESULTS.md';
  const partial = `partial pass${options.quick ? ', quick' : ''}`;
  try {
    bench.frameBytes = withOurs && !isCluster ? await measureFrame(bench) : USUAL_FRAME_BYTES;
    for (const row of rows) {
      bench.log(`${row.key}: ${row.title}`);
      measured.push({ row, result: await row.run(bench) });
      // A pass that is broken off leaves what it has measured by then.
      await write(join(scratch, name), render(`${partial}: ${keys(measured.map((made) => made.row))}`));
      writeFileSync(join(scratch, 'raw.json'), JSON.stringify(rawOf(measured)));
    }
  } finally {
    await bench.stopAll();
  }
  const results = render(isFull ? 'full pass' : `${partial}: ${keys(rows)}`);
  const out = options.out ?? join(isFull ? join(root, 'bench') : scratch, name);
  const text = await write(out, results);
  if (!isFull) console.log(text);
  console.error(`Written to ${relative(process.cwd(), out)}`);
}

const rawOf = (measured) => Object.fromEntries(measured.map(({ row, result }) => [row.key, result]));

async function write(path, markdown) {
  const text = await format(markdown, { parser: 'markdown' });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return text;
}

const wantedPackets = options['packet-bytes'];

try {
  if (wantedPackets === undefined || packetBytes !== undefined) await main();
  else process.exitCode = repeatWithPackets(Number(wantedPackets));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
