import { useState } from 'preact/hooks';
import type { ConnectionInfo } from '../protocol/connection-info.js';
import { ConfirmDialog } from './confirm-dialog.js';
import type { ConsoleLink } from './console-link.js';
import type { Deed } from './deed-note.js';
import { plural } from './format.js';

/** Ends a connection, or all of its user. */
export function DisconnectDialog({
  link,
  connection,
  onDone,
  close,
}: {
  readonly link: ConsoleLink;
  readonly connection: ConnectionInfo;
  readonly onDone: (deed: Deed) => void;
  readonly close: () => void;
}) {
  const [isWhole, setWhole] = useState(false);
  const [mayReturn, setMayReturn] = useState(false);
  const { userId, connectionId, address } = connection;
  const run = async (): Promise<void> => {
    const whom = isWhole ? { user: userId } : { connection: connectionId };
    const { matched } = await link.disconnect(whom, mayReturn);
    const nothing = isWhole
      ? `${userId} had no connection any more.`
      : `The connection of ${userId} had ended already.`;
    onDone({ text: matched === 0 ? nothing : `${plural(matched, 'connection')} of ${userId} disconnected.` });
  };
  return (
    <ConfirmDialog title="Disconnect" deed="Disconnect" run={run} close={close}>
      <p>
        The connection of <strong>{userId}</strong> from {address} ends.
      </p>
      <label class="check">
        <input type="checkbox" checked={isWhole} onChange={({ currentTarget }) => setWhole(currentTarget.checked)} />
        All connections of this user, on all devices
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={mayReturn}
          onChange={({ currentTarget }) => setMayReturn(currentTarget.checked)}
        />
        The client may come back by itself (1012 in place of 4505)
      </label>
    </ConfirmDialog>
  );
}
