import type { HttpServer } from '@nestjs/common';
import { Refusals } from '../../push/refusal.js';
import { answerProblem } from '../http-answer.js';
import { mountRoute } from '../http-exchange.js';

/** Answers requests to the WebSocket path that ask for no upgrade with 426. */
export function answerPlainRequests(adapter: HttpServer, path: string): void {
  mountRoute(adapter, 'get', path, ({ request, response }) => {
    const { headers, ...refusal } = Refusals.upgradeRequired('this is a WebSocket endpoint');
    // HTTP/2 knows neither of the two and would not send the answer (RFC 9113 section 8.2.2).
    const upgradeHeaders = request.httpVersionMajor === 1 ? { ...headers, Connection: 'Upgrade' } : {};
    answerProblem(response, { ...refusal, headers: upgradeHeaders });
  });
}
