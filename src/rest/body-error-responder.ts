/**
 * Answers the errors of our routes that come before a controller with a problem: malformed JSON, a body past the host's
 * own limit, a content type without a parser. A filter bound to the controller does not see them, because the body
 * parser of the platform fails before there is a route; a global filter would see those of the host's routes too.
 *
 * Nest hands its last error handler to the adapter through the public `setErrorHandler`, after `onModuleInit`. For that
 * one call the method is shadowed, so that the handler which the adapter gets looks at the path first. Everything that
 * is not a client's error on one of our routes goes to Nest's handler as before.
 */
import type { ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { isJsonByType, UNSUPPORTED_TYPE } from './body-reader.js';
import { codeOfStatus, problemAnswer } from './problem.js';
import type { ProblemParts } from '../core/problem.js';
import { outliveBody } from '../core/unread-body.js';
import { RestAnswers } from './rest-answers.js';
import { rawPathOf } from './rest-request.js';
import type { RestRequest } from './rest-request.js';

/** The arguments of an error handler are the same on Express, which adds `next`, and Fastify. */
type ErrorHandler = (this: unknown, error: unknown, request: RestRequest, response: unknown, next: unknown) => unknown;

interface ShadowedAdapter {
  setErrorHandler?(handler: ErrorHandler, prefix?: string): unknown;
}

/** The injection token of the path of the routes, as the host gave it. */
export const REST_PATH = 'PUSH_REST_PATH';

const ROUTES =
  'broadcast|messages|batch|connections(?:/[^/]+)?|revocations|presence|stats' +
  '|users/[^/]+(?:/(?:connections|presence))?|groups/[^/]+(?:/members(?:/[^/]+)?)?';

@Injectable()
export class BodyErrorResponder implements OnModuleInit {
  /** Whether there are routes to answer for. What this is set to counts from `onModuleInit` on. */
  hasRoutes = true;
  private readonly ourRoute: RegExp;

  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(RestAnswers) private readonly answers: RestAnswers,
    @Inject(REST_PATH) path: string,
  ) {
    // The end of the path decides: what stands before it (global prefix, version, RouterModule) is the host's choice.
    const base = path.replaceAll(/^\/+|\/+$/g, '').replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    this.ourRoute = new RegExp(`(?:^|/)${base}${base ? '/' : ''}(?:${ROUTES})/?$`);
  }

  onModuleInit(): void {
    if (!this.hasRoutes) return;
    // There is none in an application context without an HTTP server.
    const adapter = this.host.httpAdapter as ShadowedAdapter | undefined;
    const register = adapter?.setErrorHandler;
    if (!adapter || !register) return;
    const isOwn = Object.hasOwn(adapter, 'setErrorHandler');
    adapter.setErrorHandler = (handler, prefix) => {
      if (isOwn) adapter.setErrorHandler = register;
      else delete adapter.setErrorHandler;
      return register.call(adapter, this.beside(handler), prefix);
    };
  }

  private beside(handler: ErrorHandler): ErrorHandler {
    const answer = this.answer.bind(this);
    // Express tells error handlers from others by their having four parameters.
    return function (error, request, response, next) {
      return answer(error, request, response) ? undefined : handler.call(this, error, request, response, next);
    };
  }

  private answer(error: unknown, request: RestRequest, response: unknown): boolean {
    const parts = partsOf(error, request);
    if (!parts || !this.ourRoute.test(rawPathOf(request))) return false;
    keepConnection(response);
    this.answers.sendProblem(response, problemAnswer(parts));
    return true;
  }
}

/** Fastify gives a body up by its length alone, and would hang up on a client that still writes it. */
function keepConnection(response: unknown): void {
  const { raw, removeHeader } = response as {
    readonly raw?: ServerResponse;
    readonly removeHeader: (this: unknown, name: string) => unknown;
  };
  if (!raw) return;
  removeHeader.call(response, 'connection');
  outliveBody(raw);
}

interface PlatformError {
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly type?: unknown;
  readonly code?: unknown;
  readonly limit?: unknown;
}

/** Express (body-parser, http-errors) and Fastify both put the status on the error. */
function partsOf(error: unknown, request: RestRequest): ProblemParts | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { status, statusCode = status, type, code, limit } = error as PlatformError;
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode >= 500) return undefined;
  switch (statusCode) {
    case 413: {
      const size = typeof limit === 'number' ? ` of ${limit} bytes` : '';
      return { status: 413, code: codeOfStatus(413), detail: `the body is longer than the server's limit${size}` };
    }
    case 415:
      return UNSUPPORTED_TYPE;
    case 400:
      // Read in the charset that it claims, such a body is no JSON either; the cause is the better answer.
      if (request.headers['content-type'] !== undefined && !isJsonByType(request)) return UNSUPPORTED_TYPE;
      return { status: 400, ...unreadable(error as Error, type, code) };
    default:
      return { status: statusCode, code: codeOfStatus(statusCode), detail: 'the request was refused' };
  }
}

function unreadable(error: Error, type: unknown, code: unknown): { readonly code: string; readonly detail: string } {
  if (error instanceof SyntaxError || type === 'entity.parse.failed') {
    return { code: 'malformed_json', detail: 'the body is not valid JSON' };
  }
  // Fastify's parser gives no reason, and a key that could pollute prototypes is one.
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY') {
    return { code: 'malformed_json', detail: 'the body is not valid JSON, or holds a key such as __proto__' };
  }
  return { code: codeOfStatus(400), detail: 'the request cannot be read' };
}
