/**
 * `npm run faults`: runs every fault of test/cluster on real processes, and writes what became of the messages into
 * docs/fault-results.md. Takes some minutes. Fails, and writes nothing, when a promise is broken.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';

const root = fileURLToPath(new URL('..', import.meta.url));
const results = join(root, '.build/faults.jsonl');
const document = join(root, 'docs/fault-results.md');

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
  ['longest send', ({ longestSendMs }) => `${longestSendMs} ms`],
];

mkdirSync(join(root, '.build'), { recursive: true });
rmSync(results, { force: true });
process.exitCode = runFaults();
if (process.exitCode === 0) await writeDocument();

function runFaults() {
  const args = ['scripts/test.mjs', 'test/cluster/faults.spec.ts', ...process.argv.slice(2)];
  const env = { ...process.env, FAULT_RESULTS: results };
  return spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status ?? 1;
}

async function writeDocument() {
  const rows = readFileSync(results, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const cells = [COLUMNS.map(([title]) => title), COLUMNS.map(() => '---')];
  for (const row of rows) cells.push(COLUMNS.map(([, cellOf]) => cellOf(row)));
  const table = cells.map((line) => `| ${line.join(' | ')} |`).join('\n');
  writeFileSync(document, await format(`${introduction()}\n\n${table}\n`, { parser: 'markdown', printWidth: 120 }));
}

function introduction() {
  const kernel = release().split('.').slice(0, 2).join('.');
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model ?? arch()}), ${gigabytes} GB, ${type()} ${kernel}`;
  const redis = /v=([\d.]+)/.exec(spawnSync('redis-server', ['--version'], { encoding: 'utf8' }).stdout ?? '');
  const versions = `Node ${process.versions.node}, Redis ${redis?.[1] ?? 'unknown'}`;
  return `# What becomes of messages under faults

Made by \`npm run faults\` on ${new Date().toISOString().slice(0, 10)}: ${machine}, ${versions}, everything on that machine.

Three nodes are processes of their own and share one \`redis-server\`. Twelve recipients of four users, on WebSocket, SSE and long
poll, break off all the time and come back on any node and any transport with the cursor they have. One publisher sends
to each node and one goes from node to node with an idempotency key until it is answered, while users join a group and
leave it. Then the fault strikes. Afterwards a checker that knows the server only from outside holds what each recipient got against what was published for it.

- **published**: sends that were tried; **accepted**, **refused** (503), or **unknown**: no answer, or a 504.
- **due**: messages that had to arrive, and **received**: those that did, over all recipients. What was unknown, has a
  time to live or is not kept need not arrive but may, so that more is received than was due.
- **told as gap**: did not arrive, and the recipient was told so with \`push:gap\`. Only where Redis forgot them.
- **lost** without a word, **repeated**, **disordered**, **never published** (or refused, and delivered all the same), and
  **other**: for somebody else, past their time, or unreadable.
- **longest send**: until its answer, by any publisher. The one that goes from node to node asks again until it is accepted.`;
}
