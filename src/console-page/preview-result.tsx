import type { PreviewedConnection, TargetPreview } from '../protocol/console-frames.js';
import { CardCell, CardRow, CardTable } from './card-table.js';
import { TRANSPORTS } from './connection-table.js';
import { count, plural } from './format.js';

const REASONS = { all: 'everyone', user: 'named', connection: 'the connection is named' } as const;

const COLUMNS = ['User', 'Because', 'Transport'];

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
          <CardTable columns={COLUMNS}>
            {items.map((item) => (
              <PreviewRow key={item.connectionId} item={item} />
            ))}
          </CardTable>
        </div>
      )}
      {connections > items.length && items.length > 0 && <p class="muted small">The first {items.length} are shown.</p>}
    </section>
  );
}

function PreviewRow({ item }: { readonly item: PreviewedConnection }) {
  const { userId, why, name, transport } = item;
  return (
    <CardRow userId={userId}>
      <CardCell label="Because">
        {why === 'group' ? (
          <span>
            in <span class="tag">{name ?? 'a group'}</span>
          </span>
        ) : (
          REASONS[why]
        )}
      </CardCell>
      <CardCell label="Transport">{TRANSPORTS[transport]}</CardCell>
    </CardRow>
  );
}
