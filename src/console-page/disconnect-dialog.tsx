import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { ConnectionInfo } from '../protocol/connection-info.js';
import { ConfirmDialog } from './confirm-dialog.js';
import type { ConsoleLink } from './console-link.js';
import type { Deed } from './deed-note.js';
import { plural } from './format.js';
import { Name } from './name.js';

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
  const name = <Name text={userId} />;
  const wordsOf = (matched: number): ComponentChildren => {
    if (matched > 0) return [plural(matched, 'connection'), ' of ', name, ' disconnected.'];
    return isWhole ? [name, ' had no connection any more.'] : ['The connection of ', name, ' had ended already.'];
  };
  const run = async (): Promise<void> => {
    const whom = isWhole ? { user: userId } : { connection: connectionId };
    const { matched } = await link.disconnect(whom, mayReturn);
    onDone({ words: wordsOf(matched) });
  };
  return (
    <ConfirmDialog title="Disconnect" deed="Disconnect" run={run} close={close}>
      <p>
        The connection of <strong>{name}</strong> from {address} ends.
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
