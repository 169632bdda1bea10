/**
 * Finds the token in a request, in the order of the protocol: `Authorization`, `Sec-WebSocket-Protocol`, `?ticket=`,
 * cookie, `?access_token=`. Runs before anything is known of the peer, so it walks the texts once and parses nothing.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { BEARER_SUBPROTOCOL_PREFIX } from '../protocol/version.js';
import type { PushAuthOptions } from './auth-options.interface.js';

/** Which of the sources that are off by default are on. */
export type TokenSources = Pick<PushAuthOptions, 'cookie' | 'accessTokenQuery'>;

/** What of a request may carry a token or decide whether it counts. */
export interface TokenCarrier {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly query: URLSearchParams | undefined;
  /** Whether the request has an `Origin` and it is allowed. */
  readonly isOriginListed: boolean;
  /** Whether a ticket may stand for a token here. */
  readonly takesTickets: boolean;
}

/** What was found, unchecked. */
export interface Credential {
  readonly type: 'token' | 'ticket';
  readonly text: string;
}

const BEARER_SCHEME = 'bearer ';
const QUOTE = '"';

/** The first token or ticket found; undefined where there is none. An empty one counts as none. */
export function extractCredential(request: TokenCarrier, sources: TokenSources): Credential | undefined {
  const { headers, query } = request;
  const token = fromAuthorization(headers.authorization) ?? fromSubprotocols(headers['sec-websocket-protocol']);
  if (token !== undefined) return { type: 'token', text: token };
  const ticket = request.takesTickets ? query?.get('ticket') : undefined;
  if (ticket) return { type: 'ticket', text: ticket };
  const late = fromCookie(request, sources) ?? (sources.accessTokenQuery && query?.get('access_token'));
  return late ? { type: 'token', text: late } : undefined;
}

function fromCookie(request: TokenCarrier, { cookie }: TokenSources): string | undefined {
  return cookie !== undefined && mayUseCookie(request) ? findCookie(request.headers.cookie, cookie) : undefined;
}

/** RFC 6750 section 2.1; the name of the scheme is case-insensitive (RFC 9110 section 11.1). */
function fromAuthorization(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (header.slice(0, BEARER_SCHEME.length).toLowerCase() !== BEARER_SCHEME) return undefined;
  return header.slice(BEARER_SCHEME.length).trim() || undefined;
}

/** A browser cannot set headers on a WebSocket; it names the token as if it were a subprotocol. */
function fromSubprotocols(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  for (const entry of entriesOf(header, ',')) {
    if (entry.length > BEARER_SUBPROTOCOL_PREFIX.length && entry.startsWith(BEARER_SUBPROTOCOL_PREFIX)) {
      return entry.slice(BEARER_SUBPROTOCOL_PREFIX.length);
    }
  }
  return undefined;
}

/** A browser adds cookies to other sites' requests too; only what it says of their origin tells them apart. */
function mayUseCookie({ method, headers, isOriginListed }: TokenCarrier): boolean {
  return isOriginListed || (method === 'GET' && headers['sec-fetch-site'] === 'same-origin');
}

/** RFC 6265 section 4.2. Of several cookies of the name the first has the longest path. */
function findCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  for (const pair of entriesOf(header, ';')) {
    if (!pair.startsWith(name) || pair[name.length] !== '=') continue;
    const value = pair.slice(name.length + 1);
    const isQuoted = value.length > 1 && value.startsWith(QUOTE) && value.endsWith(QUOTE);
    return (isQuoted ? value.slice(1, -1) : value) || undefined;
  }
  return undefined;
}

function* entriesOf(list: string, separator: string): Generator<string> {
  for (let start = 0; start <= list.length;) {
    const found = list.indexOf(separator, start);
    const end = found === -1 ? list.length : found;
    yield list.slice(start, end).trim();
    start = end + 1;
  }
}
