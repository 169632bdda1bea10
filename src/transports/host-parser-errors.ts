/**
 * A host's body parser on Express runs before our routes, and what it cannot read never reaches them: it goes to the
 * last error handler. Nest hands that to the adapter through the public `setErrorHandler`, after `onModuleInit`. For
 * that one call the method is shadowed, so that the handler which the adapter gets looks at the path first; everything
 * else goes on to Nest's own.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpServer } from '@nestjs/common';
import type { HttpHandler } from './http-exchange.js';

/** Express tells error handlers from others by their having four parameters. */
type ErrorHandler = (
  this: unknown,
  error: unknown,
  request: IncomingMessage & { readonly originalUrl?: string },
  response: ServerResponse,
  next: unknown,
) => unknown;

interface ShadowedAdapter {
  setErrorHandler?: (handler: ErrorHandler, prefix?: string) => unknown;
}

/** Hands the requests of this path whose body the host's parser gave up to the handler. Only Express needs it. */
export function takeParserErrors(httpAdapter: HttpServer, path: string, handler: HttpHandler): void {
  const adapter = httpAdapter as unknown as ShadowedAdapter;
  const register = adapter.setErrorHandler;
  if (!register || httpAdapter.getType() !== 'express') return;
  const isOwn = Object.hasOwn(adapter, 'setErrorHandler');
  adapter.setErrorHandler = (errorHandler, prefix) => {
    if (isOwn) adapter.setErrorHandler = register;
    else delete adapter.setErrorHandler;
    const beside: ErrorHandler = function (error, request, response, next) {
      const bodyErrorStatus = statusOf(error);
      const isOurs = request.method === 'POST' && pathOf(request.originalUrl ?? request.url) === path;
      if (!isOurs || bodyErrorStatus === undefined || response.headersSent) {
        return errorHandler.call(this, error, request, response, next);
      }
      handler({ request, response, parsedBody: undefined, bodyErrorStatus });
      return undefined;
    };
    return register.call(adapter, beside, prefix);
  };
}

/**
 * Errors of body-parser (http-errors) have the status and a type, or the code of zlib; others, such as those of a guard of
 * the host, are none of ours.
 */
function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { status, type, code } = error as Readonly<Record<string, unknown>>;
  const isOfParser = typeof type === 'string' || (typeof code === 'string' && code.startsWith('Z_'));
  return isOfParser && typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

function pathOf(url = ''): string {
  const path = url.split('?', 1)[0] ?? '';
  return path.length > 1 ? path.replace(/\/$/, '') : path;
}
