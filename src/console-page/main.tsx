/**
 * The admin console. The page itself is the same for everyone and holds no data: it opens a session with what the visitor
 * has, then everything it shows and does goes over one connection of the module's own client.
 */
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ConsoleLink } from './console-link.js';
import { sentenceOf } from './error-sentence.js';
import { readSettings } from './page-settings.js';
import { openSession, renewToken, SessionRefused } from './session.js';
import { Shell } from './shell.js';
import { Refused, SignIn } from './sign-in.js';
import type { Refusal } from './sign-in.js';
import { storeToken } from './token-store.js';

const settings = readSettings();

type State =
  | { readonly type: 'opening' }
  | ({ readonly type: 'closed' } & Refusal)
  | { readonly type: 'open'; readonly link: ConsoleLink };

function Console() {
  const [state, setState] = useState<State>({ type: 'opening' });
  const end = (reason: string): void => {
    setState((before) => {
      if (before.type === 'open') before.link.close();
      return { type: 'closed', reason, times: before.type === 'closed' ? before.times + 1 : 0 };
    });
  };
  const open = async (token?: string): Promise<void> => {
    try {
      const session = await openSession(settings, token);
      setState({ type: 'open', link: new ConsoleLink(session, () => renewToken(settings), end) });
    } catch (error) {
      end(error instanceof SessionRefused ? error.message : sentenceOf(error));
    }
  };
  useEffect(() => void open(), []);
  const signOut = (): void => {
    storeToken(undefined);
    end('');
  };
  if (state.type === 'opening') return null;
  const isByToken = settings.door === 'token';
  if (state.type === 'open') return <Shell link={state.link} signOut={isByToken ? signOut : undefined} />;
  return isByToken ? (
    <SignIn reason={state.reason} times={state.times} signIn={open} />
  ) : (
    <Refused reason={state.reason} times={state.times} retry={() => void open()} />
  );
}

const root = document.querySelector('#console');
if (root) {
  root.replaceChildren();
  render(<Console />, root);
}
