import type { ServerResponse } from 'node:http';
import { problemAnswer } from './problem.js';

/**
 * Answers a request whose path cannot be decoded as the push API answers errors. Fastify's router would answer by itself,
 * before anything of the application is asked; on Express the module does.
 */
export function answerUnreadablePath(
  error: { readonly statusCode?: number },
  _request: unknown,
  reply: { readonly raw: ServerResponse },
): void {
  const { statusCode: status = 400 } = error;
  const code = status === 414 ? 'http_414' : 'bad_request';
  const { headers, body } = problemAnswer({ status, code, detail: 'the request cannot be read' });
  reply.raw.writeHead(status, headers).end(body);
}
