import type { ComponentChildren } from 'preact';
import type { PushStatus } from '../client/index.js';
import { Announcer } from './announcer.js';
import { Connections } from './connections.js';
import type { ConsoleLink } from './console-link.js';
import { Name } from './name.js';
import { Nodes } from './nodes.js';
import { useObservable } from './observable.js';
import { Overview } from './overview.js';
import { routeTo, useRoute, VIEWS } from './route.js';
import type { Route, ViewName } from './route.js';
import { Send } from './send.js';
import { ThemeSelect } from './theme-select.js';
import { Trace } from './trace.js';

/** Everything around a view. */
export function Shell({ link, signOut }: { readonly link: ConsoleLink; readonly signOut: (() => void) | undefined }) {
  useObservable(link);
  const route = useRoute();
  const { user, tenant } = link.session;
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // The fragment names the view, so it is not to become the target of the link.
          event.preventDefault();
          document.querySelector<HTMLElement>('#main')?.focus();
        }}
      >
        Skip to the content
      </a>
      <div class="shell">
        <header class="bar">
          <p class="brand">
            <svg viewBox="0 0 32 32" aria-hidden="true">
              <path d="M4 17h6l3-8 5 14 3-6h7" />
            </svg>
            Push console
          </p>
          <Status status={link.status} />
          <p class="who">
            <Name text={user} />
            {tenant !== undefined && (
              <span class="tag">
                tenant <Name text={tenant} />
              </span>
            )}
          </p>
          <ThemeSelect />
          {signOut && (
            <button type="button" onClick={signOut}>
              Sign out
            </button>
          )}
        </header>
        <nav class="views" aria-label="Views">
          <ul class="plain">
            {Object.entries(VIEWS).map(([name, label]) => (
              <li key={name}>
                <a href={routeTo(name as ViewName)} aria-current={route.view === name ? 'page' : undefined}>
                  {label}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <main id="main" tabIndex={-1}>
          {link.warning !== '' && (
            <p class="problem" role="alert">
              {link.warning}
            </p>
          )}
          {SHOWN[route.view](link, route)}
        </main>
      </div>
      <Announcer />
    </>
  );
}

const SHOWN: Readonly<Record<ViewName, (link: ConsoleLink, route: Route) => ComponentChildren>> = {
  overview: (link) => <Overview link={link} />,
  connections: (link) => <Connections link={link} />,
  trace: (link, { user }) => <Trace link={link} user={user} />,
  send: (link) => <Send link={link} />,
  nodes: (link) => <Nodes link={link} />,
};

const STATES: Readonly<Record<PushStatus['state'], readonly [outcome: string, words: string]>> = {
  live: ['good', 'Live'],
  connecting: ['waiting', 'Connecting'],
  waiting: ['waiting', 'Reconnecting'],
  offline: ['bad', 'Offline'],
  closed: ['bad', 'Ended'],
};

/** What is said of a connection that is not the usual one. */
const WAYS = { ws: '', sse: ' over an event stream', poll: ' over long polling' } as const;

function Status({ status }: { readonly status: PushStatus }) {
  const [outcome, words] = STATES[status.state];
  return (
    <p class={`pill ${outcome}`} role="status" data-state={status.state}>
      {words}
      {status.state === 'live' && WAYS[status.transport ?? 'ws']}
    </p>
  );
}
