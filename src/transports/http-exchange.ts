/**
 * Routes on the HTTP adapter itself, the same on Express and Fastify: the handler gets Node's request and response and
 * answers by itself. The host's middleware and hooks run before it; its guards, interceptors and pipes, its global
 * prefix and versioning do not concern these routes, so nothing of it can wrap, buffer or time out a stream.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpServer } from '@nestjs/common';
import { isHttp2, streamOf } from '../core/http2-stream.js';

/** One request and its answer. */
export interface HttpExchange {
  readonly request: IncomingMessage;
  /** Holds the headers that the host has set so far. */
  readonly response: ServerResponse;
  /** What the host's parser made of the body, where it has read it; undefined where the body is still to be read. */
  readonly parsedBody: unknown;
  /** The status for which the host's parser gave the body up; undefined where it has not. */
  readonly bodyErrorStatus?: number | undefined;
}

/** Answers an exchange. */
export type HttpHandler = (exchange: HttpExchange) => void;

/** What a handler is given: the Node objects on Express, wrappers of them on Fastify. */
interface AdapterRequest {
  readonly raw?: IncomingMessage;
  readonly body?: unknown;
}

interface AdapterResponse {
  readonly raw?: ServerResponse;
  getHeaders?(): OutgoingHttpHeaders;
  hijack?(): unknown;
}

/** The part of a Fastify instance that is used. */
interface FastifyRoutes {
  route(route: {
    readonly method: string;
    readonly url: string;
    readonly preParsing: (request: AdapterRequest, response: AdapterResponse) => void;
    readonly handler: () => void;
  }): unknown;
}

/** Answers requests of this method and path. A GET is also asked for HEAD. */
export function mountRoute(
  adapter: HttpServer,
  method: 'get' | 'post' | 'options',
  path: string,
  handler: HttpHandler,
): void {
  const handle = (request: AdapterRequest, response: AdapterResponse) => handler(takeOver(request, response));
  if (method === 'post' && adapter.getType() === 'fastify') {
    // Before Fastify would read the body, which then is refused in its own words where it has no parser for it.
    const fastify = adapter.getInstance() as FastifyRoutes;
    fastify.route({ method: 'POST', url: path, preParsing: handle, handler: () => {} });
  } else {
    adapter[method](path, handle);
  }
}

function takeOver(request: AdapterRequest, response: AdapterResponse): HttpExchange {
  const nodeRequest = request.raw ?? (request as unknown as IncomingMessage);
  const nodeResponse = response.raw ?? (response as unknown as ServerResponse);
  if (response.raw) {
    response.hijack?.();
    // Fastify keeps what hooks have set, such as the headers of CORS, until it would answer itself.
    for (const [name, value] of Object.entries(response.getHeaders?.() ?? {})) {
      if (value !== undefined) nodeResponse.setHeader(name, value);
    }
  }
  announceEarlyEnd(nodeRequest, nodeResponse);
  // Some parsers leave an empty object on requests that they have not read.
  const parsedBody = nodeRequest.readableEnded ? request.body : undefined;
  return { request: nodeRequest, response: nodeResponse, parsedBody };
}

/** Whether the client is gone by now, which nobody will hear of any more: the host may have taken its time with it. */
export function hasLeft({ request, response }: HttpExchange): boolean {
  return (streamOf(response) ?? request.socket).destroyed;
}

/** The answers of a connection whose turn has not come, or that are under way since it has. */
const pipelined = new WeakMap<Socket, Set<ServerResponse>>();

/**
 * A pipelined request whose turn has not come has no socket of its own, and does not hear that the peer has left. One
 * listener does for all of a connection: there may be any number, and each is let go of with its answer.
 */
function announceEarlyEnd(request: IncomingMessage, response: ServerResponse): void {
  if (isHttp2(response) || response.socket !== null) return;
  const { socket } = request;
  const waiting = pipelined.get(socket) ?? listenTo(socket);
  waiting.add(response);
  response.once('close', () => waiting.delete(response));
}

function listenTo(socket: Socket): Set<ServerResponse> {
  const waiting = new Set<ServerResponse>();
  pipelined.set(socket, waiting);
  socket.once('close', () => {
    for (const response of waiting) if (!response.destroyed) response.emit('close');
  });
  return waiting;
}
