import { useState } from 'preact/hooks';
import { announce } from './announcer.js';
import { ConfirmDialog } from './confirm-dialog.js';
import type { ConsoleLink, Target } from './console-link.js';
import { plural } from './format.js';
import type { DoneSend } from './done-send.js';
import { sendOnceOf } from './send-once.js';
import { TextField } from './text-field.js';

/** Words for everyone who is connected, as the event `announcement` or another. */
export function Announce({ link, onSent }: { readonly link: ConsoleLink; readonly onSent: (done: DoneSend) => void }) {
  const [title, setTitle] = useState('');
  const [text, setText] = useState('');
  const [event, setEvent] = useState('announcement');
  const [key, setKey] = useState('');
  const users = link.report?.users ?? 0;
  const isAllowed = link.session.may.broadcast;
  const run = async (): Promise<void> => {
    const options = { idempotencyKey: key };
    const target: Target = { all: true };
    const receipt = await link.send({ target, event, payload: { title, text }, options });
    onSent({ at: Date.now(), event, to: target, receipt });
    announce(`Announced to ${plural(receipt.matched.connections, 'connection')}`);
    setTitle('');
    setText('');
  };
  return (
    <section class="card" aria-labelledby="announce">
      <h2 id="announce">Announce</h2>
      <form
        class="stack"
        onSubmit={(submit) => {
          submit.preventDefault();
          setKey(sendOnceOf());
        }}
      >
        <TextField label="Title" value={title} onInput={setTitle} isRequired />
        <label class="field">
          <span>Text</span>
          <textarea rows={3} required value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
        </label>
        <TextField label="As event" hint="with the data { title, text }" value={event} onInput={setEvent} isRequired />
        <div class="row">
          <button class="primary" type="submit" disabled={!isAllowed}>
            Announce…
          </button>
        </div>
      </form>
      {key !== '' && (
        <ConfirmDialog title="Announce to everyone?" deed="Announce" run={run} close={() => setKey('')}>
          <p>
            <strong>{title}</strong>
          </p>
          <p>{text}</p>
          <p class="muted">
            {plural(users, 'user')} {users === 1 ? 'is' : 'are'} connected now. Those who are away get it when they come
            back, while it is kept.
          </p>
        </ConfirmDialog>
      )}
    </section>
  );
}
