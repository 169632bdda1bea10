import { useEffect, useRef, useState } from 'preact/hooks';
import type { ConnectionInfo } from '../protocol/connection-info.js';
import type { ConnectionSearch } from '../protocol/console-frames.js';
import { announce } from './announcer.js';
import type { ConsoleLink } from './console-link.js';
import { ConnectionTable } from './connection-table.js';
import { DeedNote } from './deed-note.js';
import type { Deed } from './deed-note.js';
import { DisconnectDialog } from './disconnect-dialog.js';
import { sentenceOf } from './error-sentence.js';
import { plural } from './format.js';
import { TextField } from './text-field.js';
import { ViewHeading } from './view-heading.js';

/** Typing is over when nothing was typed for so long. */
const TYPING_MS = 250;

/** Who is connected, as it changes. */
export function Connections({ link }: { readonly link: ConsoleLink }) {
  const [search, setSearch] = useState<ConnectionSearch>({});
  const [more, setMore] = useState<readonly ConnectionInfo[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [ending, setEnding] = useState<ConnectionInfo>();
  const [deed, setDeed] = useState<Deed>();
  const [problem, setProblem] = useState('');
  /** What is looked for by now: more of what was looked for before is not wanted any more. */
  const latest = useRef(search);
  const summary = useRef<HTMLParagraphElement>(null);
  const moreButton = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    const timer = setTimeout(() => {
      setMore([]);
      link.search(search);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [search]);
  useEffect(() => () => link.search(undefined), []);

  const first = link.found;
  const shown = [...(first?.items ?? []), ...more.filter((item) => !isAmong(item, first?.items ?? []))];
  const next = more.length > 0 ? cursor : (first?.cursor ?? null);
  const loadMore = async (): Promise<void> => {
    if (next === null) return;
    try {
      const page = await link.more(search, next);
      if (latest.current !== search) return;
      setProblem('');
      setMore([...more, ...page.items]);
      setCursor(page.cursor);
      // The button goes with the last page, and would leave the focus nowhere.
      if (page.cursor === null && document.activeElement === moreButton.current) summary.current?.focus();
      announce(plural(page.items.length, 'more connection'));
    } catch (error) {
      if (latest.current === search) setProblem(sentenceOf(error));
    }
  };
  const look = (wanted: ConnectionSearch): void => {
    latest.current = wanted;
    setSearch(wanted);
    setProblem('');
  };
  const field = (name: keyof ConnectionSearch, label: string, hint: string) => (
    <TextField
      label={label}
      hint={hint}
      value={search[name] ?? ''}
      onInput={(text) => look({ ...search, [name]: text === '' ? undefined : text })}
    />
  );
  return (
    <>
      <ViewHeading title="Connections" />
      <form class="card fields" role="search" aria-label="Connections" onSubmit={(event) => event.preventDefault()}>
        {field('user', 'User', 'a part of the id')}
        {field('group', 'Group', 'a part of the name')}
        {field('address', 'Address', 'such as 10.0.')}
      </form>
      <p class="muted" role="status" ref={summary} tabIndex={-1}>
        {first ? `${plural(shown.length, 'connection')}${next === null ? '' : ', and more'}` : 'Looking…'}
      </p>
      {problem !== '' && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <DeedNote deed={deed} />
      {shown.length > 0 && <ConnectionTable connections={shown} names={link.names} end={setEnding} />}
      {next !== null && (
        <button type="button" ref={moreButton} onClick={() => void loadMore()}>
          Show more
        </button>
      )}
      {ending && (
        <DisconnectDialog link={link} connection={ending} onDone={setDeed} close={() => setEnding(undefined)} />
      )}
    </>
  );
}

function isAmong({ connectionId }: ConnectionInfo, items: readonly ConnectionInfo[]): boolean {
  return items.some((item) => item.connectionId === connectionId);
}
