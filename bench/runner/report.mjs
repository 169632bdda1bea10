/** Writes the results of a run as Markdown. */
import { contestants } from './contestants.mjs';
import { median } from './statistics.mjs';
import { judge } from './verdict.mjs';

const KINDS = {
  offline: 'this module, user offline',
  batch: 'this module, batch of 1,000',
  cluster: 'this module',
  driver: 'the driver alone',
  streams: 'Socket.IO, Redis streams',
  there: 'a node that has somebody',
  driverThere: 'the driver alone, on its channels',
  elsewhere: 'a node that has nobody',
  driverElsewhere: 'the driver alone, on the channels of that one',
};

const STREAMS_AND_SERVERS = (frameBytes) =>
  `Every server sends messages of ${frameBytes} bytes (this module's envelope round 128 bytes of data); CPU is user and system time of the server process. ` +
  'Trust the ratios: each is taken between two runs of this module, and is given with its quartiles. Absolute figures move with the machine.';

const CLUSTER =
  'Messages have 128 bytes of data. CPU is user and system time of the processes that a row names; on loopback it includes the ' +
  "kernel's part of both ends. Trust the ratios, which are given with their quartiles: absolute figures move with the machine.";

function titleOf(name) {
  const [, key, rest = ''] = /^(\w+)( \(.+\))?$/.exec(name);
  return `${KINDS[key] ?? contestants[key].title}${rest}`;
}

function number(value, digits) {
  if (!Number.isFinite(value)) return '–';
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

function digitsFor(unit, atMost) {
  if (unit !== 'x') return unit === '' ? 0 : 1;
  return atMost < 0.2 ? 3 : 2;
}

function targetCells({ measure, unit, atMost, values }) {
  const { verdict, median: middle, lower, upper, count } = judge(values, atMost);
  const digits = digitsFor(unit, atMost);
  const show = (value) => `${number(value, digits)}${unit && ` ${unit}`}`;
  const spread = count > 0 ? `${number(lower, digits)}–${number(upper, digits)} of ${count}` : '–';
  return [measure, show(atMost), show(middle), spread, verdict === 'missed' ? '**missed**' : verdict];
}

function section({ row, result }) {
  const servers = Object.entries(result.runs).filter(([, runs]) => runs.length > 0);
  const columns = row.columns.filter((metric) => servers.some(([, runs]) => Number.isFinite(median(runs.map(metric)))));
  return [
    `## ${row.title}`,
    `\`${row.key}\`. ${row.about}`,
    ...(result.note === undefined ? [] : [result.note]),
    table(
      ['server', ...columns.map((metric) => metric.name), 'runs'],
      servers.map(([name, runs]) => {
        const figures = columns.map((metric) => number(median(runs.map(metric)), metric.digits));
        return [titleOf(name)].concat(figures, runs.length);
      }),
    ),
  ].join('\n\n');
}

/** `rows` is `[{ row, result }]`; `kind` says whether the pass was a full one. */
export function renderResults({ rows, machine, kind, frameBytes, seconds, isCluster = false }) {
  const targets = rows.flatMap(({ row, result }) =>
    result.targets.map((target) => [row.title, ...targetCells(target)]),
  );
  return `${[
    isCluster ? '# Results of the benchmark: several nodes' : '# Results of the benchmark',
    `Written by \`npm run bench${isCluster ? ' -- --cluster' : ''}\` on ${new Date().toISOString().slice(0, 10)} (${kind}, ${Math.round(seconds / 60)} min). What the figures mean and how they are taken: [README.md](README.md).`,
    machine.map((line) => `- ${line}`).join('\n'),
    isCluster ? CLUSTER : STREAMS_AND_SERVERS(frameBytes),
    '## Targets',
    table(['row', 'measure', 'at most', 'median', 'quartiles', 'verdict'], targets),
    ...rows.map(section),
  ].join('\n\n')}\n`;
}
