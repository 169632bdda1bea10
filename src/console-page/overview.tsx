import { useState } from 'preact/hooks';
import type { ConsoleReport } from '../protocol/console-frames.js';
import type { ConsoleLink } from './console-link.js';
import { bytes, compact, count } from './format.js';
import { LineChart } from './line-chart.js';
import { NodeSelect } from './node-select.js';
import { ALL_NODES } from './report-history.js';
import type { Totals } from './report-history.js';
import { ViewHeading } from './view-heading.js';

const rate = (value: number): string => `${compact(value)}/s`;

/** Counters and charts, of all nodes or of one. */
export function Overview({ link }: { readonly link: ConsoleLink }) {
  const [chosen, choose] = useState(ALL_NODES);
  const { report, history } = link;
  const points = history.of(chosen);
  const totals = history.totalsOf(chosen);
  return (
    <>
      <ViewHeading title="Overview">
        <NodeSelect nodes={report?.nodes ?? []} chosen={chosen} choose={choose} />
      </ViewHeading>
      {report?.partial && <p class="notice">A node did not answer in time: its numbers are missing.</p>}
      <Tiles report={report} node={chosen} totals={totals} />
      <div class="charts">
        <LineChart
          title="Connections by transport"
          points={points}
          format={count}
          curves={[
            { label: 'WebSocket', of: 'ws' },
            { label: 'Event stream', of: 'sse' },
            { label: 'Long poll', of: 'poll' },
          ]}
        />
        <LineChart
          title="Messages per second"
          points={points}
          format={rate}
          curves={[
            { label: 'Sends', of: 'sends' },
            { label: 'Matched', of: 'matched' },
            { label: 'Written', of: 'written' },
          ]}
        />
        <LineChart
          title="Dropped per second"
          points={points}
          format={rate}
          curves={[{ label: 'Dropped', of: 'dropped' }]}
        />
        <LineChart
          title="Waiting for slow readers"
          points={points}
          format={bytes}
          curves={[
            { label: 'All queues', of: 'queueBytes' },
            { label: 'Largest queue', of: 'largestQueueBytes' },
          ]}
        />
      </div>
      <DropReasons totals={totals} />
    </>
  );
}

interface TilesProps {
  readonly report: ConsoleReport | undefined;
  readonly node: string;
  readonly totals: Totals;
}

function Tiles({ report, node, totals }: TilesProps) {
  const shown = report?.nodes.filter((sample) => node === ALL_NODES || sample.node === node) ?? [];
  const connections = shown.reduce((sum, { connections: { ws, sse, poll } }) => sum + ws + sse + poll, 0);
  const queueBytes = shown.reduce((sum, sample) => sum + sample.queueBytes, 0);
  const users = node === ALL_NODES ? report?.users : shown[0]?.users;
  const tiles: readonly (readonly [string, string, string])[] = [
    ['Connections', count(connections), 'now'],
    ['Users', count(users ?? 0), 'now'],
    ...(node === ALL_NODES ? ([['Groups', count(report?.groups ?? 0), 'now']] as const) : []),
    ['Sends', count(totals.sends), 'since you came'],
    ['Matched', count(totals.matched), 'connections since'],
    ['Written', count(totals.written), 'connections since'],
    ['Dropped', count(totals.dropped), 'connections since'],
    ['Queue', bytes(queueBytes), 'waiting now'],
  ];
  return (
    <dl class="tiles">
      {tiles.map(([name, value, hint]) => (
        <div class="tile" key={name}>
          <dt>{name}</dt>
          <dd class="value" data-tile={name.toLowerCase()}>
            {value}
          </dd>
          <dd class="hint">{hint}</dd>
        </div>
      ))}
    </dl>
  );
}

function DropReasons({ totals }: { readonly totals: Totals }) {
  const reasons = Object.entries(totals.reasons).filter(([, times]) => times > 0);
  if (reasons.length === 0) return null;
  return (
    <section class="card" aria-labelledby="drop-reasons">
      <h2 id="drop-reasons">Dropped, by reason</h2>
      <dl class="pairs">
        {reasons.map(([reason, times]) => (
          <div key={reason}>
            <dt>{reason.replaceAll('_', ' ')}</dt>
            <dd>{count(times)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
