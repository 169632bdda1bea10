import type { ConnectionInfo } from '../protocol/connection-info.js';
import { CardCell, CardRow, CardTable } from './card-table.js';
import { duration } from './format.js';
import type { NodeNames } from './node-names.js';
import { routeTo } from './route.js';

/** What the transports are called. */
export const TRANSPORTS = { ws: 'WebSocket', sse: 'Event stream', poll: 'Long poll' } as const;

const COLUMNS = ['User', 'Groups', 'Transport', 'Address', 'Node', 'Connected', 'Actions'];

/** Connections in rows. */
export function ConnectionTable({
  connections,
  names,
  end,
}: {
  readonly connections: readonly ConnectionInfo[];
  readonly names: NodeNames;
  readonly end: (connection: ConnectionInfo) => void;
}) {
  return (
    <CardTable columns={COLUMNS} label="Connections">
      {connections.map((connection) => (
        <ConnectionRow key={connection.connectionId} connection={connection} names={names} end={end} />
      ))}
    </CardTable>
  );
}

function ConnectionRow({
  connection,
  names,
  end,
}: {
  readonly connection: ConnectionInfo;
  readonly names: NodeNames;
  readonly end: (connection: ConnectionInfo) => void;
}) {
  const { connectionId, userId, groups, transport, address, node, connectedAt } = connection;
  const seconds = Math.max(0, (Date.now() - Date.parse(connectedAt)) / 1_000);
  return (
    <CardRow userId={userId} connectionId={connectionId}>
      <CardCell label="Groups">
        <span>
          {groups.length === 0 && <span class="muted">none</span>}
          {groups.map((group) => (
            <span class="tag" key={group}>
              {group}
            </span>
          ))}
        </span>
      </CardCell>
      <CardCell label="Transport">{TRANSPORTS[transport]}</CardCell>
      <CardCell label="Address">{address}</CardCell>
      <CardCell label="Node">{names.of(node)}</CardCell>
      <CardCell label="Connected">
        <time dateTime={connectedAt}>{duration(seconds)} ago</time>
      </CardCell>
      <td role="cell" class="actions">
        <div class="row">
          <a class="button" href={routeTo('trace', userId)}>
            Trace<span class="unseen"> {userId}</span>
          </a>
          <button type="button" onClick={() => end(connection)}>
            Disconnect<span class="unseen"> {userId}</span>
          </button>
        </div>
      </td>
    </CardRow>
  );
}
