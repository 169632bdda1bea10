import type { PreviewedConnection, TargetPreview } from '../protocol/console-frames.js';
import { TRANSPORTS } from './connection-table.js';
import { count, plural } from './format.js';

const REASONS = { all: 'everyone', user: 'named', connection: 'the connection is named' } as const;

/** Who would get a message at this moment, and by what. */
export function PreviewResult({ preview }: { readonly preview: TargetPreview }) {
  const { users, connections, byTransport, items, partial } = preview;
  return (
    <section class="preview" aria-labelledby="preview" data-preview>
      <h3 id="preview">
        {plural(users, 'user')} on {plural(connections, 'connection')} would get this
      </h3>
      {partial && <p class="notice">A node did not answer in time: there may be more.</p>}
      <p class="muted small">
        {Object.entries(TRANSPORTS)
          .map(([name, label]) => `${label} ${count(byTransport[name as keyof typeof byTransport])}`)
          .join(' · ')}
      </p>
      {items.length > 0 && (
        <div class="scroller" role="region" aria-label="Who would get this" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">User</th>
                <th scope="col">Because</th>
                <th scope="col">Transport</th>
              </tr>
            </thead>
            <tbody>
              {items.map((item) => (
                <tr key={item.connectionId}>
                  <th scope="row">{item.userId}</th>
                  <td>{reasonOf(item)}</td>
                  <td>{TRANSPORTS[item.transport]}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {connections > items.length && items.length > 0 && <p class="muted small">The first {items.length} are shown.</p>}
    </section>
  );
}

function reasonOf({ why, name }: PreviewedConnection): string {
  if (why === 'group') return `in ${name ?? 'a group'}`;
  return REASONS[why];
}
