import { answerEmpty } from '../http-answer.js';
import type { HttpRoute } from '../http-entrance.js';

/**
 * The handshake as a dry run: 204, or the refusal that a connection would meet. A browser cannot see why an upgrade or
 * an event stream failed; this tells it.
 */
export function handshakeRoute(path: string): HttpRoute {
  return {
    method: 'GET',
    path,
    purpose: 'check',
    enter: ({ response }) => answerEmpty(response, { 'Cache-Control': 'no-store' }),
  };
}
