/**
 * `npm run soak`: has clients come and go at servers of their own for ten minutes, on memory and then on Redis, and writes
 * what the servers hold afterwards beside what they held before into docs/soak.md. Fails when something has grown.
 *
 * `npm run soak -- --minutes 60` takes as long as it says for each. Other arguments go to Jest; with them, or with another
 * length than the default, the tables are printed and the document stays.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format } from 'prettier';

const DEFAULT_MINUTES = '10';

const { values, positionals } = parseArgs({
  options: { minutes: { type: 'string', default: DEFAULT_MINUTES } },
  allowPositionals: true,
});
const { minutes } = values;
if (!(Number(minutes) > 0)) {
  console.error(`--minutes: received ${minutes}, expected a number above 0`);
  process.exit(1);
}

/** How measures are called in the tables. */
const LABELS = {
  rssBytes: 'resident memory',
  heapBytes: 'heap in use',
  externalBytes: 'memory outside the heap',
  elsewhere: 'entries of all other Maps and Sets',
  others: 'all other objects',
  handles: 'handles',
  timers: 'timers',
  objects: 'objects of the package, sockets, requests',
  entries: 'entries of what they hold',
};

const root = fileURLToPath(new URL('..', import.meta.url));
const results = join(root, '.build/soak.jsonl');
const document = join(root, 'docs/soak.md');

mkdirSync(join(root, '.build'), { recursive: true });
rmSync(results, { force: true });
const env = { ...process.env, SOAK_MINUTES: minutes, SOAK_RESULTS: results };
const args = [join(root, 'scripts/test.mjs'), 'test/soak', ...positionals];
process.exitCode = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status ?? 1;

const text = await format(`${introduction()}\n\n${soaks().map(describe).join('\n\n')}\n`, {
  parser: 'markdown',
  printWidth: 120,
});
if (minutes === DEFAULT_MINUTES && positionals.length === 0) writeFileSync(document, text);
else console.log(text);

function soaks() {
  return readFileSync(results, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function describe({ backing, minutes, visits, counted, rssUnderLoad, nodes }) {
  const where = backing === 'redis' ? 'Two nodes over Redis' : 'One node, in memory';
  const happened = Object.entries(counted).filter(([, count]) => count > 0);
  return `## ${where}

${minutes} minutes, ${visits} visits. Resident memory of the nodes together while they came, by quarters: ${quarters(rssUnderLoad)}.

${nodes.map((node, index) => tableOf(node, nodes.length > 1 ? ` (node ${index + 1})` : '')).join('\n\n')}

What happened, as the nodes counted it:

${table(
  ['counter', 'count'],
  happened.map(([series, count]) => [`\`${series}\``, count]),
)}`;
}

/** Amounts and timers one by one; of what is counted by class or member a sum, and each that has grown. */
function tableOf({ counts, amounts }, title) {
  const rows = amounts.map((row) => [LABELS[row.name] ?? row.name, ...figures(row)]);
  for (const kind of ['handles', 'timers', 'objects', 'entries']) {
    const ofKind = counts.filter(({ name }) => name.startsWith(`${kind}: `));
    const sum = (member) => ofKind.reduce((total, row) => total + row[member], 0);
    rows.push([`${LABELS[kind]}, ${ofKind.length} kinds`, sum('before'), sum('after'), sum('before'), verdict(ofKind)]);
    for (const row of ofKind.filter(({ after, atMost }) => after > atMost)) rows.push([row.name, ...figures(row)]);
  }
  return table([`at rest${title}`, 'after the warm-up', 'at the end', 'at most', 'verdict'], rows);
}

function figures({ name, before, after, atMost }) {
  const show = name.endsWith('Bytes') ? megabytes : String;
  return [show(before), show(after), show(atMost), verdict([{ after, atMost }])];
}

function verdict(rows) {
  return rows.every(({ after, atMost }) => after <= atMost) ? 'met' : '**grown**';
}

function quarters(samples) {
  const size = Math.max(1, Math.ceil(samples.length / 4));
  const parts = [0, 1, 2, 3]
    .map((part) => samples.slice(part * size, (part + 1) * size))
    .filter(({ length }) => length);
  return parts.map((part) => megabytes(part.toSorted((a, b) => a - b)[Math.floor(part.length / 2)])).join(', ');
}

function megabytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}

function table(titles, rows) {
  return [titles, titles.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function introduction() {
  const kernel = release().split('.').slice(0, 2).join('.');
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model ?? arch()}), ${gigabytes} GB, ${type()} ${kernel}`;
  return `# What is left when everyone has gone

Made by \`npm run soak\` on ${new Date().toISOString().slice(0, 10)}: ${machine}, Node ${process.versions.node}, everything on that machine.

Each node is a process of its own. Clients of eight tenants come and go: by WebSocket, event stream and polls, with a cursor
and without; they join and leave groups, write to them, call handlers, renew tokens; some read nothing while they are sent
more than they may keep waiting; some come with a ticket, some with a bad token or from a foreign page, some break off
anywhere between the first byte and the first message. Services send by REST with and without idempotency keys, in batches,
change memberships with and without an end, revoke tokens, close connections. All of that for a minute to warm up, and then
for as long as is said below. After both, when everybody is gone and what is kept for a while has had its time, it is measured what the
process holds, after a garbage collection.

Handles are what keeps the event loop alive; timers all that have not ended. The inspector of Node walks the heap and counts
the objects of every class of the package, sockets, requests and answers of Node, and the entries of every Map, Set and array
that an object of the package holds. **Of these not one more may be there than before.** Of what is not counted one by one a
share may: memory that the allocator keeps, compiled code, caches of Node and of libraries.

\`npm run soak -- --minutes 5 -- -t 'on Redis'\` soaks two nodes over Redis alone, and prints what it would write here.
\`npm test\` does the same for some seconds, and sees that what is planted (a map that keeps connections, timers, handles)
is found.`;
}
