import type { ServerResponse } from 'node:http';
import type { HttpServer } from '@nestjs/common';
import { isHttp2 } from '../../core/http2-stream.js';
import { isClosing } from '../../core/unread-body.js';
import { Refusals } from '../../push/refusal.js';
import { answerProblem } from '../http-answer.js';
import { mountRoute } from '../http-exchange.js';

/** Answers requests to the WebSocket path that ask for no upgrade: a GET with 426, a HEAD, to which nothing is opened, with 405. */
export function answerPlainRequests(adapter: HttpServer, path: string): void {
  mountRoute(adapter, 'get', path, ({ request, response }) => {
    if (request.method === 'HEAD') {
      answerProblem(response, Refusals.methodNotAllowed('nothing is opened for a HEAD'));
      return;
    }
    const { headers, ...refusal } = Refusals.upgradeRequired('this is a WebSocket endpoint');
    // HTTP/2 knows neither of the two and would not send the answer (RFC 9113 section 8.2.2).
    const upgradeHeaders = isHttp2(response) ? {} : { ...headers, Connection: connectionOf(response) };
    answerProblem(response, { ...refusal, headers: upgradeHeaders });
  });
}

/** Node keeps a connection whose answer names others than `close` in this header, whatever the client has asked for. */
function connectionOf(response: ServerResponse): string {
  // A client of HTTP/1.0 takes an answer without `keep-alive` for the last one.
  const stays = response.shouldKeepAlive && response.req.httpVersionMinor > 0 && !isClosing(response);
  return stays ? 'Upgrade' : 'Upgrade, close';
}
