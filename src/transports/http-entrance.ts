/**
 * The door of all HTTP routes: the handshake pipeline before anything happens, CORS on every answer, a refusal as a
 * problem. A peer that leaves while it is checked gives its place back at once, and nothing is opened for it.
 */
import type { HttpServer } from '@nestjs/common';
import type { Admission, HandshakePurpose, HandshakeRequest } from '../push/admission.js';
import type { HandshakeService } from '../push/handshake.service.js';
import { Refusals } from '../push/refusal.js';
import type { Refusal } from '../push/refusal.js';
import { allowOrigin, answerOptions } from './cors.js';
import { takeParserErrors } from './host-parser-errors.js';
import { answerProblem } from './http-answer.js';
import { hasLeft, mountRoute } from './http-exchange.js';
import type { HttpExchange } from './http-exchange.js';
import { handshakeRequestOf } from './http-handshake.js';

/** A route behind the door. */
export interface HttpRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly purpose: HandshakePurpose;
  /** What the route reads in the request beside what all do. */
  readonly describe?: (request: HandshakeRequest) => HandshakeRequest;
  /** Answers an admitted request. Its place among the limits is given back when this returns. */
  readonly enter: (exchange: HttpExchange, admission: Admission, request: HandshakeRequest) => void;
  /** Answers a refused request. @default with a problem */
  readonly refuse?: (exchange: HttpExchange, refusal: Refusal, request: HandshakeRequest) => void;
}

/** Opens routes on an HTTP adapter. */
export class HttpEntrance {
  constructor(
    private readonly handshakes: HandshakeService,
    private readonly onFailure: (cause: unknown) => void,
  ) {}

  /** Answers the route on this adapter from now on. */
  open(adapter: HttpServer, route: HttpRoute): void {
    const method = route.method === 'GET' ? 'get' : 'post';
    const admit = (exchange: HttpExchange) => void this.admit(exchange, route);
    mountRoute(adapter, method, route.path, admit);
    if (route.method === 'POST') takeParserErrors(adapter, route.path, admit);
    mountRoute(adapter, 'options', route.path, (exchange) => this.answerOptions(exchange, route));
  }

  /** Checks one request of the route and answers it; for requests that reach us some other way. */
  async admit(exchange: HttpExchange, route: HttpRoute): Promise<void> {
    if (hasLeft(exchange)) return;
    const { request, response } = exchange;
    try {
      const common = handshakeRequestOf(request);
      const described = route.describe?.(common) ?? common;
      allowOrigin(exchange, this.handshakes.allowsOrigin(described));
      if (request.method === 'HEAD') {
        answerProblem(response, Refusals.methodNotAllowed('nothing is opened for a HEAD'));
        return;
      }
      await this.check(exchange, route, described);
    } catch (cause) {
      this.onFailure(cause);
      response.destroy();
    }
  }

  private answerOptions(exchange: HttpExchange, { method }: HttpRoute): void {
    answerOptions(exchange, method, this.handshakes.allowsOrigin(handshakeRequestOf(exchange.request)));
  }

  private async check(exchange: HttpExchange, route: HttpRoute, request: HandshakeRequest): Promise<void> {
    const { response } = exchange;
    const handshake = this.handshakes.begin(request, route.purpose);
    let isGone = false;
    const leave = () => {
      isGone = true;
      handshake.release();
    };
    response.once('close', leave);
    const verdict = await handshake.verdict;
    response.off('close', leave);
    if (isGone) return;
    try {
      if (verdict.type === 'admitted') route.enter(exchange, verdict, request);
      else if (route.refuse) route.refuse(exchange, verdict.refusal, request);
      else answerProblem(response, verdict.refusal);
    } finally {
      handshake.release();
    }
  }
}
