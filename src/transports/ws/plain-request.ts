import type { ServerResponse } from 'node:http';
import type { HttpServer } from '@nestjs/common';
import { problemOf } from '../../core/problem.js';
import { Refusals } from '../../push/refusal.js';

/** What a handler of an HTTP adapter is given: the Node response on Express, a wrapper of it on Fastify. */
interface AdapterResponse {
  readonly raw?: ServerResponse;
  hijack?(): unknown;
}

/** Answers requests to the WebSocket path that ask for no upgrade with 426. */
export function answerPlainRequests(adapter: HttpServer, path: string): void {
  const refusal = Refusals.upgradeRequired('this is a WebSocket endpoint');
  adapter.get(path, (_request: unknown, response: AdapterResponse) => {
    response.hijack?.();
    const raw = response.raw ?? (response as unknown as ServerResponse);
    // HTTP/2 knows neither of the two and would not send the answer (RFC 9113 section 8.2.2).
    const upgradeHeaders = raw.req.httpVersionMajor === 1 ? { ...refusal.headers, Connection: 'Upgrade' } : {};
    raw.writeHead(refusal.status, {
      ...upgradeHeaders,
      'Content-Type': 'application/problem+json; charset=utf-8',
    });
    raw.end(JSON.stringify(problemOf(refusal)));
  });
}
