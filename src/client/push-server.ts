/**
 * The server as the client reaches it over HTTP: addresses, the token on every request, and why a request was refused.
 * A 401 costs one more request with a fresh token; what comes back then is the answer.
 */
import type { Envelope } from '../protocol/frames.js';
import type { ClientPaths, PushClientOptions } from './client-options.js';
import type { LineEnd } from './line-end.js';
import { platform } from './platform.js';
import type { WebSocketConstructor } from './platform.js';
import { TokenSource } from './token-source.js';

/** Members that are undefined or empty are left out. */
export type Query = Readonly<Record<string, string | undefined>>;

type RequestParts = Pick<RequestInit, 'method' | 'body' | 'signal'> & {
  readonly headers?: Readonly<Record<string, string>>;
};

/** See the head of this file. */
export class PushServer {
  readonly tokens: TokenSource;
  readonly WebSocket: WebSocketConstructor | undefined;
  readonly #base: string;
  readonly #paths: Partial<ClientPaths>;

  /** Throws a TypeError when `url` is no address, or left out where there is no page. */
  constructor({
    url = '',
    paths = {},
    token,
    WebSocket = platform.WebSocket,
    openTimeoutMs = 10_000,
  }: PushClientOptions) {
    this.WebSocket = WebSocket;
    this.tokens = new TokenSource(token, openTimeoutMs);
    if (!url && !platform.location) throw new TypeError('url is needed outside of a browser');
    const { href } = new URL(url || '/', platform.location?.href);
    this.#base = href.replace(/\/$/, '');
    this.#paths = paths;
  }

  /** The address of a route. */
  urlOf(route: keyof ClientPaths, query: Query = {}): string {
    const url = new URL(this.#base + (this.#paths[route] ?? `/push/${route}`));
    for (const name in query) {
      const value = query[name];
      if (value) url.searchParams.set(name, value);
    }
    return url.href;
  }

  /** Asks the server. Rejects when it cannot be reached, and when the application has no token. */
  async fetch(route: keyof ClientPaths, query: Query, request: RequestParts): Promise<Response> {
    const ask = async (): Promise<Response> => {
      const token = this.tokens.get();
      const headers = { ...request.headers, Authorization: `Bearer ${await token}` };
      const init = { ...request, headers, cache: 'no-store' as const };
      const response = await fetch(this.urlOf(route, query), init);
      if (response.status === 401) this.tokens.drop(token);
      return response;
    };
    const response = await ask();
    if (response.status !== 401) return response;
    await response.body?.cancel();
    return ask();
  }

  /** Sends the text of one frame where the transport has no way up, and answers its reply. Rejects if that is unknown. */
  async post(body: string, timeoutMs: number, connectionId?: string): Promise<Envelope> {
    const signal = AbortSignal.timeout(timeoutMs);
    const headers = {
      'Content-Type': 'application/json',
      ...(connectionId && { 'Push-Connection': connectionId }),
    };
    const response = await this.fetch('upstream', {}, { method: 'POST', headers, body, signal });
    const reply = (await response.json()) as Envelope & { readonly code?: string };
    if (reply.event) return reply;
    // Not a reply but a refusal of the request itself: a problem document.
    const { status } = response;
    const data = {
      code: `http_${status}`,
      retryable: status === 429 || status === 503,
      retryAfterMs: retryAfterOf(response),
      ...reply,
      status,
    };
    return { event: 'push:error', data };
  }
}

/** Reads a refusal. What is no problem document is of a proxy. */
export async function refusalOf(response: Response): Promise<LineEnd> {
  const { detail: reason } = (await response.json().catch(() => ({}))) as { readonly detail?: string };
  return { status: response.status, reason, retryAfterMs: retryAfterOf(response) };
}

/**
 * Why a transport that said nothing of it failed, by the dry run of the handshake. If that succeeds with the same token,
 * it is the transport itself that does not get through.
 */
export async function explainEnd(seen: LineEnd, server: PushServer, timeoutMs: number): Promise<LineEnd> {
  const token = server.tokens.present;
  try {
    const response = await server.fetch('handshake', {}, { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok) return await refusalOf(response);
    return token === server.tokens.present ? { ...seen, isBlocked: true } : { isTokenOld: true };
  } catch (error) {
    return { error };
  }
}

/** `Retry-After` in milliseconds (RFC 9110 section 10.2.3): seconds, or a date. */
function retryAfterOf(response: Response): number | undefined {
  const text = response.headers.get('Retry-After') ?? '';
  const waitMs = Number(text) * 1000 || Date.parse(text) - Date.now();
  return waitMs > 0 ? waitMs : undefined;
}
