import type { ConnectionInfo } from '../protocol/connection-info.js';
import { duration } from './format.js';
import type { NodeNames } from './node-names.js';
import { routeTo } from './route.js';

/** What the transports are called. */
export const TRANSPORTS = { ws: 'WebSocket', sse: 'Event stream', poll: 'Long poll' } as const;

const COLUMNS = ['User', 'Groups', 'Transport', 'Address', 'Node', 'Connected', 'Actions'];

/** Connections in rows; on a narrow page each is a card, and still a row to a screen reader. */
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
    <table class="cards" role="table" aria-label="Connections">
      <thead role="rowgroup">
        <tr role="row">
          {COLUMNS.map((name) => (
            <th key={name} role="columnheader" scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {connections.map((connection) => (
          <ConnectionRow key={connection.connectionId} connection={connection} names={names} end={end} />
        ))}
      </tbody>
    </table>
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
    <tr role="row" data-connection={connectionId}>
      <th role="rowheader" scope="row" data-label="User">
        {userId}
      </th>
      <td role="cell" data-label="Groups">
        <span>
          {groups.length === 0 && <span class="muted">none</span>}
          {groups.map((group) => (
            <span class="tag" key={group}>
              {group}
            </span>
          ))}
        </span>
      </td>
      <td role="cell" data-label="Transport">
        {TRANSPORTS[transport]}
      </td>
      <td role="cell" data-label="Address">
        {address}
      </td>
      <td role="cell" data-label="Node">
        {names.of(node)}
      </td>
      <td role="cell" data-label="Connected">
        <time dateTime={connectedAt}>{duration(seconds)} ago</time>
      </td>
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
    </tr>
  );
}
