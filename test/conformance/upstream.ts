import type { ConformanceServer } from './conformance-server.js';
import type { Frame } from './frame-inbox.js';
import { exchange } from './http-exchange.js';
import type { Answer, Headers } from './http-exchange.js';

/** Posts one raw frame. */
export function postFrame(server: ConformanceServer, body: string | Buffer, headers: Headers): Promise<Answer> {
  return exchange(server, {
    method: 'POST',
    path: '/push/upstream',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}

/** The reply envelope of an answer. */
export function replyOf({ body, text, status }: Answer): Frame {
  if (typeof body['event'] !== 'string') throw new Error(`${status} with no envelope: ${text}`);
  return body as Frame;
}
