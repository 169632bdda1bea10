import { useState } from 'preact/hooks';
import type { NodeSample } from '../protocol/console-frames.js';
import { ConfirmDialog } from './confirm-dialog.js';
import type { ConsoleLink } from './console-link.js';
import { DeedNote } from './deed-note.js';
import type { Deed } from './deed-note.js';
import { bytes, compact, count, duration, plural } from './format.js';
import { nodeName } from './node-names.js';
import { ViewHeading } from './view-heading.js';

/** The nodes beside one another, and their end. */
export function Nodes({ link }: { readonly link: ConsoleLink }) {
  const [draining, setDraining] = useState<NodeSample>();
  const [deed, setDeed] = useState<Deed>();
  const nodes = link.report?.nodes ?? [];
  return (
    <>
      <ViewHeading title="Nodes" />
      <DeedNote deed={deed} />
      <ul class="plain node-cards">
        {nodes.map((sample) => (
          <NodeCard key={sample.node} sample={sample} link={link} drain={() => setDraining(sample)} />
        ))}
      </ul>
      {!link.session.may.drain && (
        <p class="muted">A node is not of one tenant: only an operator of the default tenant can have it drain.</p>
      )}
      {draining && (
        <DrainDialog
          link={link}
          sample={draining}
          isOnly={nodes.length === 1}
          onDone={setDeed}
          close={() => setDraining(undefined)}
        />
      )}
    </>
  );
}

interface NodeCardProps {
  readonly sample: NodeSample;
  readonly link: ConsoleLink;
  readonly drain: () => void;
}

function NodeCard({ sample, link, drain }: NodeCardProps) {
  const { node, connections, users, queueBytes, largestQueueBytes, vitals, isDraining, isBackingUp } = sample;
  const last = link.history.of(node).at(-1);
  const rows: readonly (readonly [string, string])[] = [
    ['WebSocket', count(connections.ws)],
    ['Event stream', count(connections.sse)],
    ['Long poll', count(connections.poll)],
    ['Users', count(users)],
    ['Sends', `${compact(last?.sends ?? 0)}/s`],
    ['Written', `${compact(last?.written ?? 0)}/s`],
    ['Dropped', `${compact(last?.dropped ?? 0)}/s`],
    ['Queues', bytes(queueBytes)],
    ['Largest queue', bytes(largestQueueBytes)],
    ...(vitals
      ? ([
          ['Up for', duration(vitals.uptimeSeconds)],
          ['Memory', bytes(vitals.memoryBytes)],
          ['Event loop', `${compact(vitals.loopBusy * 100)} % busy`],
        ] as const)
      : []),
  ];
  return (
    <li class="card">
      <div class="traced-head">
        <h2>{nodeName(sample)}</h2>
        <span class={`pill ${isDraining ? 'waiting' : 'good'}`}>{isDraining ? 'Draining' : 'Accepting'}</span>
        {!isBackingUp && <span class="pill bad">Backing out of reach</span>}
      </div>
      <p class="muted small">
        <code>{node}</code>
      </p>
      <dl class="pairs">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {link.session.may.drain && !isDraining && (
        <button type="button" class="danger" onClick={drain}>
          Drain<span class="unseen"> {nodeName(sample)}</span>
        </button>
      )}
    </li>
  );
}

interface DrainDialogProps {
  readonly link: ConsoleLink;
  readonly sample: NodeSample;
  readonly isOnly: boolean;
  readonly onDone: (deed: Deed) => void;
  readonly close: () => void;
}

function DrainDialog({ link, sample, isOnly, onDone, close }: DrainDialogProps) {
  const { ws, sse, poll } = sample.connections;
  const name = nodeName(sample);
  const run = async (): Promise<void> => {
    await link.drain(sample.node);
    const what = `${name} is draining: its connections are told to come back, and it lets nobody in any more.`;
    onDone({ words: isOnly ? `${what} This page is back when the process is started again.` : what });
  };
  return (
    <ConfirmDialog title={`Drain ${name}?`} deed="Drain node" run={run} close={close}>
      <p>
        All clients of this node ({plural(ws + sse + poll, 'connection')} shown here) are told to come back, each at a
        time of its own, and their connections are closed. It lets nobody in any more and says so to readiness probes.
      </p>
      <p>
        {isOnly ? (
          <strong>
            This is the only node: nobody can connect, this console included, until the process is started again.
          </strong>
        ) : (
          'The other nodes take them. The process goes on: it accepts again when it is started again.'
        )}
      </p>
    </ConfirmDialog>
  );
}
