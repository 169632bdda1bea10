import type { ConsoleSession } from '../protocol/console-frames.js';
import type { PageSettings } from './page-settings.js';
import { NO_TOKEN, mayBeToken } from './token-text.js';
import { storedToken, storeToken } from './token-store.js';

/** A session, and the token that its connection is opened with. */
export interface OpenSession extends ConsoleSession {
  readonly token: string;
}

/** Why there is no session. */
export class SessionRefused extends Error {
  constructor(
    /** 0 where nothing was asked, because there is no token or what there is can be none. */
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Opens the console, with this token or with what there is. Rejects with {@link SessionRefused}. */
export async function openSession(settings: PageSettings, given?: string): Promise<OpenSession> {
  if (settings.door === 'guards') return withPass(settings);
  const known = given ?? storedToken();
  if (known !== undefined) {
    try {
      return await withToken(settings, known);
    } catch (error) {
      const mayAskAgain = error instanceof SessionRefused && [0, 401].includes(error.status) && given === undefined;
      if (!mayAskAgain || settings.tokenUrl === '') throw error;
    }
  }
  return withToken(settings, await fetchToken(settings));
}

/** Another token for a session whose token is about to end or was refused. */
export async function renewToken(settings: PageSettings): Promise<string> {
  return (await (settings.door === 'guards' ? withPass(settings) : withToken(settings, await fetchToken(settings))))
    .token;
}

async function withPass({ base }: PageSettings): Promise<OpenSession> {
  const session = await ask(base, {});
  return { ...session, token: session.pass ?? '' };
}

async function withToken({ base }: PageSettings, token: string): Promise<OpenSession> {
  try {
    if (!mayBeToken(token)) throw new SessionRefused(0, NO_TOKEN);
    const session = await ask(base, { Authorization: `Bearer ${token}` });
    storeToken(token);
    return { ...session, token };
  } catch (error) {
    if (error instanceof SessionRefused && error.status < 500) storeToken(undefined);
    throw error;
  }
}

async function ask(base: string, headers: Readonly<Record<string, string>>): Promise<ConsoleSession> {
  const response = await fetch(new URL('session', base), { method: 'POST', headers });
  if (response.ok) return (await response.json()) as ConsoleSession;
  throw new SessionRefused(response.status, await reasonOf(response));
}

async function fetchToken({ tokenUrl }: PageSettings): Promise<string> {
  if (tokenUrl === '') throw new SessionRefused(0, '');
  const response = await fetch(tokenUrl, { method: 'POST' });
  if (!response.ok) throw new SessionRefused(response.status, await reasonOf(response));
  const { token } = (await response.json()) as { readonly token?: unknown };
  if (typeof token !== 'string') throw new SessionRefused(response.status, 'the host answered without a token');
  return token;
}

/** Of a problem document, or of an error of the host, which has no `detail`. */
async function reasonOf(response: Response): Promise<string> {
  const body = (await response.json().catch(() => ({}))) as { readonly detail?: unknown; readonly message?: unknown };
  const reason = [body.detail, body.message].find((text) => typeof text === 'string');
  return typeof reason === 'string' ? reason : `the server answered ${response.status}`;
}
