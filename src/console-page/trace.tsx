import { useEffect, useRef, useState } from 'preact/hooks';
import { announce } from './announcer.js';
import { TRANSPORTS } from './connection-table.js';
import type { ConsoleLink } from './console-link.js';
import { bytes, clock, plural } from './format.js';
import { Name } from './name.js';
import type { NodeNames } from './node-names.js';
import { routeTo } from './route.js';
import { TextField } from './text-field.js';
import type { TracedItem } from './trace-book.js';
import { describeStep, summarize } from './trace-words.js';
import { ViewHeading } from './view-heading.js';

/** Whoever listens is told of news no more often than this. */
const NEWS_MS = 5_000;
/** More are there, and shown when asked for. */
const SHOWN_AT_FIRST = 30;

/** What becomes of the messages of one user, as it happens. */
export function Trace({ link, user }: { readonly link: ConsoleLink; readonly user: string }) {
  const [wish, setWish] = useState(user);
  const [paused, setPaused] = useState<readonly TracedItem[]>();

  useEffect(() => {
    setWish(user);
    setPaused(undefined);
    link.follow(user === '' ? undefined : user);
  }, [user]);
  useEffect(() => () => link.follow(undefined), []);

  const items = paused ?? link.trace.items;
  useNews(user, items.length);
  return (
    <>
      <ViewHeading title="Trace" />
      <form
        class="card fields"
        aria-label="Trace"
        onSubmit={(event) => {
          event.preventDefault();
          location.hash = routeTo('trace', wish);
        }}
      >
        <TextField label="User" hint="the exact id" value={wish} onInput={setWish} isRequired />
        <div class="row bottom">
          <button class="primary" type="submit">
            Follow
          </button>
          {user !== '' && (
            <>
              <button type="button" onClick={() => setPaused(paused ? undefined : link.trace.items)}>
                {paused ? 'Go on' : 'Pause'}
              </button>
              <button
                type="button"
                onClick={() => {
                  link.trace.clear();
                  setPaused(paused && []);
                }}
              >
                Clear
              </button>
            </>
          )}
        </div>
      </form>
      {user === '' ? (
        <p class="muted">
          Follow a user to see which messages match, over which connections they are written, which are dropped or
          replayed, and why. Nothing of their data is shown.
        </p>
      ) : (
        <Items key={user} user={user} items={items} names={link.names} isPaused={paused !== undefined} />
      )}
    </>
  );
}

function Items({
  user,
  items,
  names,
  isPaused,
}: {
  readonly user: string;
  readonly items: readonly TracedItem[];
  readonly names: NodeNames;
  readonly isPaused: boolean;
}) {
  const [shown, setShown] = useState(SHOWN_AT_FIRST);
  const list = useRef<HTMLOListElement>(null);
  const firstOlder = useRef<number | undefined>(undefined);
  useEffect(() => {
    // The button is gone, and would leave the focus nowhere.
    if (firstOlder.current !== undefined)
      list.current?.querySelectorAll<HTMLElement>(':scope > li')[firstOlder.current]?.focus();
    firstOlder.current = undefined;
  }, [shown]);
  const showAll = (): void => {
    firstOlder.current = shown;
    setShown(Infinity);
  };
  return (
    <section class="stack" aria-labelledby="traced">
      <h2 id="traced">
        {isPaused ? 'Paused: ' : 'Live: '}
        <Name text={user} />
      </h2>
      {items.length === 0 && <p class="muted">Nothing yet. What happens from now on comes here.</p>}
      <ol class="plain stack" ref={list} data-trace>
        {items.slice(0, shown).map((item) => (
          <TraceCard key={item.key} item={item} names={names} />
        ))}
      </ol>
      {items.length > shown && (
        <button type="button" onClick={showAll}>
          Show {items.length - shown} older
        </button>
      )}
    </section>
  );
}

function TraceCard({ item, names }: { readonly item: TracedItem; readonly names: NodeNames }) {
  const { outcome, text } = summarize(item);
  const { event, messageId, bytes: size, steps } = item;
  return (
    <li class="card traced" tabIndex={-1}>
      <div class="traced-head">
        {event === undefined ? <h3>{text}</h3> : <h3>{event}</h3>}
        {event !== undefined && <span class={`pill ${outcome}`}>{text}</span>}
        <time class="muted" dateTime={new Date(item.at).toISOString()}>
          {clock(item.at)}
        </time>
      </div>
      {messageId !== undefined && (
        <p class="muted small">
          <code>{messageId}</code>
          {size !== undefined && ` · ${bytes(size)}`}
        </p>
      )}
      <ol class="steps">
        {steps.map((step) => (
          <li key={`${step.node} ${step.seq}`} class={`step ${step.step}`}>
            <span class="step-time muted">{clock(step.at)}</span>
            <span>
              {describeStep(step)}
              <span class="muted small">
                {step.transport && ` · ${TRANSPORTS[step.transport]} ${step.connectionId?.slice(0, 6) ?? ''}…`}
                {` · node ${names.of(step.node)}`}
              </span>
            </span>
          </li>
        ))}
      </ol>
    </li>
  );
}

/** Says now and then how much there is; each step would drown everything else. */
function useNews(user: string, length: number): void {
  const said = useRef({ at: 0, length: 0 });
  useEffect(() => {
    const now = Date.now();
    if (user === '' || length === said.current.length || now - said.current.at < NEWS_MS) return;
    said.current = { at: now, length };
    announce(`${plural(length, 'entry').replace('entrys', 'entries')} for ${user}`);
  }, [user, length]);
}
