import type { ServerResponse } from 'node:http';

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
  const title = status === 414 ? 'URI Too Long' : 'Bad Request';
  const code = status === 414 ? 'http_414' : 'bad_request';
  const detail = 'the request cannot be read';
  const problem = {
    type: 'about:blank',
    title,
    status,
    detail,
    code,
    statusCode: status,
    message: detail,
    error: title,
  };
  const headers = {
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Type': 'application/problem+json; charset=utf-8',
  };
  reply.raw.writeHead(status, headers).end(JSON.stringify(problem));
}
