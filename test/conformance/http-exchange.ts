/** One HTTP request and its answer, with nothing of a browser between. */
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { ConformanceServer } from './conformance-server.js';

/** Headers by name; `undefined` leaves one out. */
export type Headers = Readonly<Record<string, string | undefined>>;

/** Parameters by name; `undefined` leaves one out, a list gives it as often. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What is sent. */
export interface Exchange {
  readonly method?: string;
  readonly path: string;
  readonly query?: Query;
  readonly headers?: Headers;
  /** Sent as it is. */
  readonly body?: string | Buffer;
  /** Hangs up when it is aborted; the exchange then rejects. */
  readonly signal?: AbortSignal;
}

/** The server's answer. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body as text; of an event stream or an upgrade, nothing. */
  readonly text: string;
  /** The body if it is JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** The path with its parameters. */
export function address(path: string, query: Query = {}): string {
  const given = Object.entries(query).flatMap(([name, value = []]) =>
    [value].flat().map((text): [string, string] => [name, text]),
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

/** The headers that are there. */
export function present(headers: Headers = {}): Record<string, string> {
  const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(given);
}

/** Sends a request and reads the answer to its end; an upgrade or an open event stream is hung up on. */
export function exchange({ url }: ConformanceServer, what: Exchange): Promise<Answer> {
  const { method = 'GET', path, query, headers, body, signal } = what;
  return new Promise((resolve, reject) => {
    const options = { method, headers: present(headers), agent: false, ...(signal && { signal }) };
    const sent = request(`${url}${address(path, query)}`, options);
    sent.on('error', reject);
    sent.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text: '', body: {} });
    });
    sent.on('response', (response) => {
      const { statusCode: status = 0, headers: received } = response;
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (!isOpenStream(received, text)) return;
        resolve({ status, headers: received, text, body: {} });
        sent.destroy();
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status, headers: received, text, body: parsed(received, text) }));
    });
    sent.end(body);
  });
}

/** An event stream that has sent its welcome goes on; one that turns a browser away ends by itself. */
function isOpenStream(headers: IncomingHttpHeaders, text: string): boolean {
  return headers['content-type']?.startsWith('text/event-stream') === true && text.includes('connectionId');
}

function parsed(headers: IncomingHttpHeaders, text: string): Readonly<Record<string, unknown>> {
  if (text === '' || headers['content-type']?.includes('json') !== true) return {};
  return JSON.parse(text) as Record<string, unknown>;
}

/** The `Authorization` header for a token with these claims. */
export function bearer(server: ConformanceServer, claims: Readonly<Record<string, unknown>> = {}): Headers {
  return { authorization: `Bearer ${server.sign(claims)}` };
}

/** Sends a REST request as a service with every scope. */
export function rest(server: ConformanceServer, method: string, path: string, body?: unknown): Promise<Answer> {
  const headers = {
    ...bearer(server, { sub: 'service', scope: 'push:send push:broadcast push:admin' }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  return exchange(server, {
    method,
    path,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

/** Publishes by REST and gives back the receipt; throws if it was not accepted. */
export async function publish(
  server: ConformanceServer,
  to: string,
  event: string,
  data?: unknown,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Readonly<Record<string, unknown>>> {
  const { status, body, text } = await rest(server, 'POST', `/push/${to}`, { event, data, ...options });
  if (status !== 202) throw new Error(`a send to ${to} was answered ${status}: ${text}`);
  return body;
}
