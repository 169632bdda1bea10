import { useState } from 'preact/hooks';
import { Announce } from './announce-form.js';
import type { ConsoleLink } from './console-link.js';
import type { DoneSend } from './done-send.js';
import { clock, plural } from './format.js';
import { MessageForm } from './message-form.js';
import { TargetWords } from './target-words.js';
import { ViewHeading } from './view-heading.js';

/** Receipts that stay on the page. */
const MAX_RECEIPTS = 20;

/** Announcements to everyone, and messages to anybody. */
export function Send({ link }: { readonly link: ConsoleLink }) {
  const [done, setDone] = useState<readonly DoneSend[]>([]);
  const add = (send: DoneSend): void => setDone((before) => [send, ...before].slice(0, MAX_RECEIPTS));
  const { send, broadcast } = link.session.may;
  return (
    <>
      <ViewHeading title="Send" />
      {(!send || !broadcast) && (
        <p class="notice">
          {send || broadcast
            ? 'Your token may not do all of this: it lacks '
            : 'Your token may send nothing: it lacks '}
          {[!send && 'push:send', !broadcast && 'push:broadcast'].filter(Boolean).join(' and ')}.
        </p>
      )}
      <div class="columns">
        <MessageForm link={link} onSent={add} />
        <div class="stack">
          <Announce link={link} onSent={add} />
          <Receipts done={done} />
        </div>
      </div>
    </>
  );
}

function Receipts({ done }: { readonly done: readonly DoneSend[] }) {
  return (
    <section class="card" aria-labelledby="receipts">
      <h2 id="receipts">Receipts</h2>
      {done.length === 0 && <p class="muted">What you send stands here with what became of it.</p>}
      <ol class="plain stack" data-receipts>
        {done.map(({ at, event, to, receipt }) => (
          <li key={receipt.id}>
            <strong>{event}</strong> to <TargetWords target={to} /> <span class="muted small">{clock(at)}</span>
            <br />
            matched {plural(receipt.matched.users, 'user')}, {plural(receipt.matched.connections, 'connection')};
            written to {receipt.written}
            {receipt.partial && ' (a node did not answer in time)'}
            <br />
            <code class="small">{receipt.id}</code>
          </li>
        ))}
      </ol>
    </section>
  );
}
