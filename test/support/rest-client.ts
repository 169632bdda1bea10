import { expect } from '@jest/globals';
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { PushApp } from './push-app.js';
import { signToken } from './tokens.js';
import type { Claims } from './tokens.js';

/** All scopes of REST. */
const ALL_SCOPES = 'push:send push:broadcast push:admin';

/** An answer, its body parsed where it is JSON. */
export interface RestAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body; throws where it is not JSON. */
  readonly json: Record<string, unknown>;
}

/** What a request carries beside its method and path. */
export interface RestRequestOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, as `application/json` unless the headers say otherwise. */
  readonly raw?: string | Buffer;
  /** `undefined` leaves a header out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** Calls the REST interface of a test application as the bearer of one token. Paths go out as they are written. */
export class RestClient {
  private constructor(
    private readonly port: number,
    private readonly base: string,
    private readonly authorization: string | undefined,
  ) {}

  /** A client with all scopes unless the claims say otherwise; `base` is what stands before `/push`. */
  static of(app: Pick<PushApp, 'port'>, claims: Claims = {}, base = ''): RestClient {
    return new RestClient(app.port, base, `Bearer ${signToken({ scope: ALL_SCOPES, ...claims })}`);
  }

  /** The same with another value of `Authorization`, or none. */
  withAuthorization(authorization: string | undefined): RestClient {
    return new RestClient(this.port, this.base, authorization);
  }

  get(path: string, options?: RestRequestOptions): Promise<RestAnswer> {
    return this.send('GET', path, options);
  }

  post(path: string, body?: unknown, headers?: RestRequestOptions['headers']): Promise<RestAnswer> {
    return this.send('POST', path, { body, ...(headers && { headers }) });
  }

  put(path: string, body?: unknown): Promise<RestAnswer> {
    return this.send('PUT', path, { body });
  }

  delete(path: string): Promise<RestAnswer> {
    return this.send('DELETE', path);
  }

  send(method: string, path: string, { body, raw, headers = {} }: RestRequestOptions = {}): Promise<RestAnswer> {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const all = {
      authorization: this.authorization,
      'content-type': payload === undefined ? undefined : 'application/json',
      ...(payload !== undefined && { 'content-length': String(Buffer.byteLength(payload)) }),
      ...headers,
    };
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<
      string,
      string
    >;
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(
        { host: '127.0.0.1', port: this.port, method, path: this.base + path, headers: sent, agent: false },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (text += chunk));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text,
              get json() {
                return JSON.parse(text) as Record<string, unknown>;
              },
            }),
          );
          response.on('error', reject);
        },
      );
      outgoing.on('error', reject);
      outgoing.end(payload);
    });
  }
}

/** What a problem must look like, whatever is wrong. */
export function problemWith(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return {
    type: 'about:blank',
    title: expect.any(String),
    status: expect.any(Number),
    detail: expect.any(String),
    code: expect.any(String),
    statusCode: expect.any(Number),
    message: expect.anything(),
    error: expect.any(String),
    ...members,
  };
}
