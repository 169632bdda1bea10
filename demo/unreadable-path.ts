import type { ServerResponse } from 'node:http';
import { HttpException } from '@nestjs/common';
import { pushProblem } from 'nestjs-push';

/**
 * Answers a request whose path cannot be decoded as the push API answers errors. Fastify's router would answer by itself,
 * before anything of the application is asked; on Express the module does.
 */
export function answerUnreadablePath(
  error: { readonly statusCode?: number },
  _request: unknown,
  reply: { readonly raw: ServerResponse },
): void {
  const refusal = new HttpException('the request cannot be read', error.statusCode ?? 400);
  const { status, headers, body } = pushProblem(refusal);
  reply.raw.writeHead(status, headers).end(body);
}
