import { useState } from 'preact/hooks';
import type { TargetPreview } from '../protocol/console-frames.js';
import { announce } from './announcer.js';
import { ConfirmDialog } from './confirm-dialog.js';
import type { ConsoleLink, MessageDraft } from './console-link.js';
import { sentenceOf } from './error-sentence.js';
import { plural } from './format.js';
import { PreviewResult } from './preview-result.js';
import type { DoneSend } from './done-send.js';
import { sendOnceOf } from './send-once.js';
import { EMPTY_TARGET, TargetFields, targetOf, wordsOf } from './target-fields.js';
import type { TargetDraft } from './target-fields.js';
import { TextField } from './text-field.js';

interface Ready {
  readonly draft: MessageDraft;
  readonly preview: TargetPreview;
}

/** A message to anybody: who would get it is shown before, and once more before it is sent. */
export function MessageForm({
  link,
  onSent,
}: {
  readonly link: ConsoleLink;
  readonly onSent: (done: DoneSend) => void;
}) {
  const [target, setTarget] = useState(EMPTY_TARGET);
  const [event, setEvent] = useState('');
  const [data, setData] = useState('{}');
  const [isKept, setKept] = useState(true);
  const [ttlSeconds, setTtlSeconds] = useState('');
  const [collapseKey, setCollapseKey] = useState('');
  const [preview, setPreview] = useState<TargetPreview>();
  const [ready, setReady] = useState<Ready>();
  const [problem, setProblem] = useState('');

  /** What was said of another target says nothing of this one. */
  const choose = (chosen: TargetDraft): void => {
    setTarget(chosen);
    setPreview(undefined);
    setProblem('');
  };
  const look = async (): Promise<TargetPreview | undefined> => {
    const chosen = targetOf(target);
    setPreview(undefined);
    setProblem(typeof chosen === 'string' ? chosen : '');
    if (typeof chosen === 'string') return undefined;
    try {
      const found = await link.preview(chosen);
      setPreview(found);
      announce(`${plural(found.users, 'user')} on ${plural(found.connections, 'connection')} would get this`);
      return found;
    } catch (error) {
      setProblem(sentenceOf(error));
      return undefined;
    }
  };
  const prepare = async (): Promise<void> => {
    const chosen = targetOf(target);
    const payload = parsed(data);
    if (!payload) {
      setProblem('The data is no JSON.');
      return;
    }
    if (ttlSeconds !== '' && !(Number(ttlSeconds) > 0)) {
      setProblem('Seconds to live: a number greater than 0, or nothing.');
      return;
    }
    const found = await look();
    if (!found || typeof chosen === 'string') return;
    const options = {
      idempotencyKey: sendOnceOf(),
      ...(!isKept && { store: 'none' }),
      ...(ttlSeconds !== '' && { ttlSeconds: Number(ttlSeconds) }),
      ...(collapseKey !== '' && { collapseKey }),
    };
    setReady({ draft: { target: chosen, event, payload: payload.value, options }, preview: found });
  };
  const run = async ({ draft }: Ready): Promise<void> => {
    const receipt = await link.send(draft);
    onSent({ at: Date.now(), event, to: wordsOf(target), receipt });
    announce(`Sent to ${plural(receipt.matched.connections, 'connection')}, written to ${receipt.written}`);
  };
  const isAllowed = target.isAll ? link.session.may.broadcast : link.session.may.send;
  return (
    <section class="card" aria-labelledby="message">
      <h2 id="message">Message</h2>
      <form
        class="stack"
        onSubmit={(submit) => {
          submit.preventDefault();
          void prepare();
        }}
      >
        <TargetFields draft={target} change={choose} />
        <TextField label="Event" hint="such as order.status" value={event} onInput={setEvent} isRequired />
        <label class="field">
          <span>Data, as JSON</span>
          <textarea
            rows={4}
            class="code"
            spellcheck={false}
            value={data}
            onInput={({ currentTarget }) => setData(currentTarget.value)}
          />
        </label>
        <details>
          <summary>How it is kept</summary>
          <div class="stack">
            <label class="check">
              <input
                type="checkbox"
                checked={isKept}
                onChange={({ currentTarget }) => setKept(currentTarget.checked)}
              />
              Keep it for those who are away
            </label>
            <div class="fields">
              <TextField label="Seconds to live" inputMode="decimal" value={ttlSeconds} onInput={setTtlSeconds} />
              <TextField label="Collapse key" value={collapseKey} onInput={setCollapseKey} />
            </div>
          </div>
        </details>
        {problem !== '' && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <div class="row">
          <button type="button" onClick={() => void look()}>
            Who would get this?
          </button>
          <button type="submit" class="primary" disabled={!isAllowed}>
            Send…
          </button>
        </div>
      </form>
      {preview && <PreviewResult preview={preview} />}
      {ready && (
        <ConfirmDialog title={`Send ${event}?`} deed="Send" run={() => run(ready)} close={() => setReady(undefined)}>
          <p>
            {plural(ready.preview.users, 'user')} on {plural(ready.preview.connections, 'connection')} would get it now.
          </p>
          <p class="muted">To {wordsOf(target)}.</p>
        </ConfirmDialog>
      )}
    </section>
  );
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
