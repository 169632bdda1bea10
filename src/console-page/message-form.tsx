import { useRef, useState } from 'preact/hooks';
import type { TargetPreview } from '../protocol/console-frames.js';
import { isEvent, isReservedEvent } from '../protocol/names.js';
import { announce } from './announcer.js';
import { ConfirmDialog } from './confirm-dialog.js';
import type { ConsoleLink, MessageDraft } from './console-link.js';
import { sentenceOf } from './error-sentence.js';
import { plural } from './format.js';
import { PreviewResult } from './preview-result.js';
import type { DoneSend } from './done-send.js';
import { sendOnceOf } from './send-once.js';
import { EMPTY_TARGET, TargetFields, targetOf } from './target-fields.js';
import type { TargetDraft } from './target-fields.js';
import { TargetWords } from './target-words.js';
import { TextField } from './text-field.js';

/** What stands in the fields. */
interface Written {
  readonly target: TargetDraft;
  readonly event: string;
  readonly data: string;
  readonly isKept: boolean;
  readonly ttlSeconds: string;
  readonly collapseKey: string;
}

const UNWRITTEN: Written = {
  target: EMPTY_TARGET,
  event: '',
  data: '{}',
  isKept: true,
  ttlSeconds: '',
  collapseKey: '',
};

interface Ready {
  readonly draft: MessageDraft;
  readonly preview: TargetPreview;
}

/**
 * A message to anybody: who would get it is shown before, and once more before it is sent. What is confirmed is what was
 * looked at: an answer about fields that have changed since is dropped.
 */
export function MessageForm({
  link,
  onSent,
}: {
  readonly link: ConsoleLink;
  readonly onSent: (done: DoneSend) => void;
}) {
  const [written, setWritten] = useState(UNWRITTEN);
  const [preview, setPreview] = useState<TargetPreview>();
  const [ready, setReady] = useState<Ready>();
  const [problem, setProblem] = useState('');
  /** What is written by now, for whoever has waited for an answer; another object after each change. */
  const latest = useRef(written);
  /** The last look: its answer is wanted, those to earlier ones are not. */
  const lastLook = useRef<object>({});

  const change = (part: Partial<Written>): void => {
    latest.current = { ...latest.current, ...part };
    setWritten(latest.current);
  };
  /** What was said of another target says nothing of this one. */
  const choose = (target: TargetDraft): void => {
    change({ target });
    setPreview(undefined);
    setProblem('');
  };
  const look = async (): Promise<TargetPreview | undefined> => {
    const { target } = written;
    const chosen = targetOf(target);
    const mine = {};
    lastLook.current = mine;
    const isWanted = (): boolean => lastLook.current === mine && latest.current.target === target;
    setPreview(undefined);
    setProblem(typeof chosen === 'string' ? chosen : '');
    if (typeof chosen === 'string') return undefined;
    try {
      const found = await link.preview(chosen);
      if (!isWanted()) return undefined;
      setPreview(found);
      announce(`${plural(found.users, 'user')} on ${plural(found.connections, 'connection')} would get this`);
      return found;
    } catch (error) {
      if (isWanted()) setProblem(sentenceOf(error));
      return undefined;
    }
  };
  const prepare = async (): Promise<void> => {
    const draft = draftOf(written);
    if (typeof draft === 'string') {
      setProblem(draft);
      return;
    }
    const found = await look();
    if (found && latest.current === written) setReady({ draft, preview: found });
  };
  const run = async ({ draft }: Ready): Promise<void> => {
    const receipt = await link.send(draft);
    onSent({ at: Date.now(), event: draft.event, to: draft.target, receipt });
    announce(`Sent to ${plural(receipt.matched.connections, 'connection')}, written to ${receipt.written}`);
  };
  const { target, event, data, isKept, ttlSeconds, collapseKey } = written;
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
        <TextField
          label="Event"
          hint="such as order.status"
          value={event}
          onInput={(text) => change({ event: text })}
          isRequired
        />
        <label class="field">
          <span>Data, as JSON</span>
          <textarea
            rows={4}
            class="code"
            spellcheck={false}
            value={data}
            onInput={({ currentTarget }) => change({ data: currentTarget.value })}
          />
        </label>
        <details>
          <summary>How it is kept</summary>
          <div class="stack">
            <label class="check">
              <input
                type="checkbox"
                checked={isKept}
                onChange={({ currentTarget }) => change({ isKept: currentTarget.checked })}
              />
              Keep it for those who are away
            </label>
            <div class="fields">
              <TextField
                label="Seconds to live"
                inputMode="decimal"
                value={ttlSeconds}
                onInput={(text) => change({ ttlSeconds: text })}
              />
              <TextField label="Collapse key" value={collapseKey} onInput={(text) => change({ collapseKey: text })} />
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
        <ConfirmDialog
          title={`Send ${ready.draft.event}?`}
          deed="Send"
          run={() => run(ready)}
          close={() => setReady(undefined)}
        >
          <p>
            {plural(ready.preview.users, 'user')} on {plural(ready.preview.connections, 'connection')} would get it now.
          </p>
          <p class="muted">
            To <TargetWords target={ready.draft.target} />.
          </p>
        </ConfirmDialog>
      )}
    </section>
  );
}

/** The message that is written, with a key of its own, or what is wrong with it. */
function draftOf({ target, event, data, isKept, ttlSeconds, collapseKey }: Written): MessageDraft | string {
  const payload = parsed(data);
  if (!payload) return 'The data is no JSON.';
  if (!isEvent(event)) return 'Event: 1 to 128 of the letters A to Z, digits, and . _ : -';
  if (isReservedEvent(event)) return 'Event: names that begin with push: belong to the protocol.';
  if (ttlSeconds !== '' && !(Number(ttlSeconds) > 0)) return 'Seconds to live: a number greater than 0, or nothing.';
  const chosen = targetOf(target);
  if (typeof chosen === 'string') return chosen;
  const options = {
    idempotencyKey: sendOnceOf(),
    ...(!isKept && { store: 'none' }),
    ...(ttlSeconds !== '' && { ttlSeconds: Number(ttlSeconds) }),
    ...(collapseKey !== '' && { collapseKey }),
  };
  return { target: chosen, event, payload: payload.value, options };
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
