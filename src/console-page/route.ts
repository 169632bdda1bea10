import { useEffect, useState } from 'preact/hooks';

/** The views, by the names in their addresses, with what they are called. */
export const VIEWS = {
  overview: 'Overview',
  connections: 'Connections',
  trace: 'Trace',
  send: 'Send',
  nodes: 'Nodes',
} as const;

/** The name of a view. */
export type ViewName = keyof typeof VIEWS;

/** A view, and for a trace whose. */
export interface Route {
  readonly view: ViewName;
  readonly user: string;
}

/** The address of a view within the page. */
export function routeTo(view: ViewName, user = ''): string {
  return user === '' ? `#${view}` : `#${view}/${encodeURIComponent(user)}`;
}

/** Where the page is, as its address changes. */
export function useRoute(): Route {
  const [route, setRoute] = useState(readRoute);
  useEffect(() => {
    const follow = (): void => setRoute(readRoute());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return route;
}

function readRoute(): Route {
  const [name = '', user = ''] = location.hash.slice(1).split('/', 2);
  const view = Object.hasOwn(VIEWS, name) ? (name as ViewName) : 'overview';
  return { view, user: decoded(user) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
