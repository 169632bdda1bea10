/**
 * `npm run faults`: runs every fault of test/cluster on real processes, and writes what became of the messages into
 * docs/fault-results.md. Takes about ten minutes. Fails, and writes nothing, when a promise is broken; the history of a run
 * with a defect is then in .build.
 *
 * `npm run faults -- -t 'a node'` runs those of a name, and prints their table. `npm run faults -- --stampede` has 20,000
 * clients come back at once, and writes what that was like into docs/stampede.md; it wants a machine with nothing else to do.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';

const root = fileURLToPath(new URL('..', import.meta.url));
const results = join(root, '.build/faults.jsonl');

const COLUMNS = [
  ['fault', ({ name }) => name],
  ['published', ({ published }) => published],
  ['accepted', ({ accepted }) => accepted],
  ['refused', ({ refused }) => refused],
  ['unknown', ({ unknown }) => unknown],
  ['due', ({ due }) => due],
  ['received', ({ received }) => received],
  ['told as gap', ({ toldAsGap }) => toldAsGap],
  ['lost', ({ defects }) => defects.lost],
  ['repeated', ({ defects }) => defects.repeated],
  ['disordered', ({ defects }) => defects.disordered],
  ['never published', ({ defects }) => defects['never-published']],
  ['other', ({ defects }) => defects['not-for-them'] + defects.stale + defects.garbled],
  ['longest answer', ({ longestAnswerMs }) => `${longestAnswerMs} ms`],
  ['longest silence', ({ longestSilenceMs }) => `${longestSilenceMs} ms`],
  ['back again, p99', ({ backAgainMs }) => `${backAgainMs.p99} ms`],
];

const FIGURES = `## Figures of single faults

What a fault is also about: how soon it is noticed, or how long something takes. A figure has a limit where one is promised.`;

const FIGURE_COLUMNS = [
  ['fault', ({ name }) => name],
  ['measured', ({ what }) => what],
  ['figure', ({ value, unit }) => withUnit(value, unit)],
  ['at most', ({ atMost, unit }) => (atMost === undefined ? '–' : withUnit(atMost, unit))],
  ['verdict', ({ value, atMost }) => (atMost === undefined ? '–' : value <= atMost ? 'met' : '**missed**')],
];

const STAMPEDE = `20,000 WebSocket clients, each a user of its own, are connected to two nodes over one Redis. All their connections are reset
at the same moment; they knock again within a second, as the client of this module does, each with its cursor, and come back when they are told to. A message for
everyone is sent meanwhile. Each node also has a client that stays, and is sent a message through the other node every 50 ms.

- **all in**: from the break until the last one was let in and had the message that it missed. Everyone was, or the run fails.
- **refused**: answers 503, each with \`Retry-After\`; **untold**: those without; **unanswered**: connections that ended without
  an answer, because the kernel dropped them past the backlog of the port (4,096) before the process saw them: those clients
  knock again; **cut**: connections that ended after they were let in. **longest answer**: from a knock to what it was answered.
- **let in per second**: in each fifth of the time.
- **loop late**: the longest delay of a node's event loop, as \`event_loop_delay_seconds\` says.
- **bystanders**: what was accepted for them and received by them, and from the request to publish to the arrival.`;

const STAMPEDE_COLUMNS = [
  ['20,000 come back', ({ stampede }) => stampede],
  ['all in', ({ allInMs }) => seconds(allInMs)],
  ['let in per second', ({ admittedBySecond }) => fifths(admittedBySecond).join(', ')],
  ['refused', ({ refused }) => refused],
  ['untold', ({ untold }) => untold],
  ['unanswered', ({ broken }) => broken],
  ['cut', ({ cut }) => cut],
  ['longest answer', ({ longestAnswerMs }) => seconds(longestAnswerMs)],
  ['loop late', ({ longestLoopDelayMs }) => `${longestLoopDelayMs} ms`],
  ['bystanders', ({ bystanders: { accepted, received } }) => `${received} of ${accepted}`],
  [
    'their messages took p50, p99, most',
    ({ bystanders: { latencyMs } }) => `${latencyMs.p50}, ${latencyMs.p99}, ${latencyMs.max} ms`,
  ],
];

const isStampede = process.argv.includes('--stampede');
const wishes = process.argv.slice(2).filter((argument) => argument !== '--stampede');

mkdirSync(join(root, '.build'), { recursive: true });
rmSync(results, { force: true });
process.exitCode = runFaults();
if (wishes.length > 0) console.log(tables());
else if (process.exitCode === 0) await writeDocument();

function runFaults() {
  const names = isStampede ? ['stampede'] : ['faults', 'rolling-restart.redis'];
  const suites = names.map((name) => `test/cluster/${name}.spec.ts`);
  const args = ['scripts/test.mjs', '--runInBand', ...suites, ...wishes];
  const env = { HISTORY_DUMP: join(root, '.build/'), ...process.env, FAULT_RESULTS: results };
  return spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status ?? 1;
}

async function writeDocument() {
  if (isStampede) await write(join(root, 'docs/stampede.md'), stampedes());
  else await write(join(root, 'docs/fault-results.md'), `${introduction()}\n\n${tablesOfFaults(rows())}\n`);
}

async function write(file, text) {
  writeFileSync(file, await format(text, { parser: 'markdown', printWidth: 120 }));
}

function tables() {
  return isStampede ? stampedes() : tablesOfFaults(rows());
}

function rows() {
  return readFileSync(results, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function stampedes() {
  return `# When everyone comes back at once\n\n${madeBy()}\n\n${STAMPEDE}\n\n${table(STAMPEDE_COLUMNS, rows())}\n`;
}

function tablesOfFaults(faults) {
  const all = table(COLUMNS, faults);
  const figures = faults.flatMap(({ name, figures = [] }) => figures.map((figure) => ({ name, ...figure })));
  return figures.length === 0 ? all : `${all}\n\n${FIGURES}\n\n${table(FIGURE_COLUMNS, figures)}`;
}

function table(columns, rows) {
  const cells = [columns.map(([title]) => title), columns.map(() => '---')];
  for (const row of rows) cells.push(columns.map(([, cellOf]) => cellOf(row)));
  return cells.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** How many were let in a second, in each fifth of the time. */
function fifths(bySecond) {
  const size = Math.max(1, Math.ceil(bySecond.length / 5));
  const parts = [0, 1, 2, 3, 4].map((part) => bySecond.slice(part * size, (part + 1) * size));
  return parts
    .filter(({ length }) => length > 0)
    .map((part) => Math.round(part.reduce((sum, count) => sum + count, 0) / part.length));
}

function withUnit(value, unit) {
  return unit === '' ? `${value}` : `${value} ${unit}`;
}

function madeBy() {
  const kernel = release().split('.').slice(0, 2).join('.');
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model ?? arch()}), ${gigabytes} GB, ${type()} ${kernel}`;
  const redis = /v=([\d.]+)/.exec(spawnSync('redis-server', ['--version'], { encoding: 'utf8' }).stdout ?? '');
  const versions = `Node ${process.versions.node}, Redis ${redis?.[1] ?? 'unknown'}`;
  const day = new Date().toISOString().slice(0, 10);
  return `Made by \`npm run faults${isStampede ? ' -- --stampede' : ''}\` on ${day}: ${machine}, ${versions}, everything on that machine.`;
}

function introduction() {
  return `# What becomes of messages under faults

${madeBy()}

Three nodes are processes of their own and share one \`redis-server\`. Twelve recipients of four users, on WebSocket, SSE and long
poll, break off all the time and come back on any node and any transport with the cursor they have; three more stay on the first node,
which is the one that the fault strikes where it strikes one. One publisher sends
to each node and one goes from node to node with an idempotency key until it is answered, while users join a group and
leave it. Then the fault strikes. Afterwards a checker that knows the server only from outside holds what each recipient got against what was published for it.

- **published**: sends that were tried; **accepted**, **refused** (503), or **unknown**: no answer, or a 504.
- **due**: messages that had to arrive, and **received**: those that did, over all recipients. What was unknown, has a
  time to live or is not kept need not arrive but may, so that more is received than was due.
- **told as gap**: did not arrive, and the recipient was told so with \`push:gap\`. Only where Redis forgot them.
- **lost** without a word, **repeated**, **disordered**, **never published** (or refused, and delivered all the same), and
  **other**: for somebody else, past their time, or unreadable.
- **longest answer**: the longest that a request to publish waited for its answer, whatever that was. A node that is frozen,
  stalled or killed answers late or never.
- **longest silence**: in which a recipient got nothing, while several messages a second were for it.
- **back again**: from the end of a connection until the next one has its place; recipients are sent to nodes that are gone
  as well, and try again after 100 ms at most.

How many milliseconds something took depends on the machine, which ran publishers, recipients, nodes and Redis at once.`;
}
