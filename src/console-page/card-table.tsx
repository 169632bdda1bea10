import type { ComponentChildren } from 'preact';
import { Name } from './name.js';

/**
 * A table that on a narrow page has a card for each row. Layout takes the meaning of a table away there, so each part says its
 * role: to a screen reader it stays one. Its body is {@link CardRow}s.
 */
export function CardTable({
  columns,
  label,
  children,
}: {
  readonly columns: readonly string[];
  /** Where nothing beside it says what it is. */
  readonly label?: string;
  readonly children: ComponentChildren;
}) {
  return (
    <table class="cards" role="table" aria-label={label}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((name) => (
            <th key={name} role="columnheader" scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">{children}</tbody>
    </table>
  );
}

/** One row, headed by the user. */
export function CardRow({
  userId,
  connectionId,
  children,
}: {
  readonly userId: string;
  readonly connectionId?: string;
  readonly children: ComponentChildren;
}) {
  return (
    <tr role="row" data-connection={connectionId}>
      <th role="rowheader" scope="row" data-label="User">
        <Name text={userId} />
      </th>
      {children}
    </tr>
  );
}

/** One cell; the label stands beside it on a card. */
export function CardCell({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    <td role="cell" data-label={label}>
      {children}
    </td>
  );
}
