/** Requests that carry one client frame, for clients on event streams and polls. The answer is the reply to the frame. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpServer } from '@nestjs/common';
import { retryAfter } from '../../core/problem.js';
import { ErrorCode } from '../../protocol/error-codes.js';
import { encodeError } from '../../protocol/frame-encoder.js';
import { ServerEvent } from '../../protocol/frames.js';
import type { Envelope, ErrorData } from '../../protocol/frames.js';
import type { Admission } from '../../push/admission.js';
import { Refusals } from '../../push/refusal.js';
import type { UpstreamCall, UpstreamService } from '../../push/upstream.service.js';
import { answerJson, answerProblem } from '../http-answer.js';
import type { HttpEntrance, HttpRoute } from '../http-entrance.js';
import type { HttpExchange } from '../http-exchange.js';
import { readUpstreamBody } from './upstream-body.js';

/** Names the stream that the frame is for. */
const CONNECTION_HEADER = 'push-connection';
const ERROR_START = `{"event":"${ServerEvent.Error}"`;

/** Accepts frames by request. */
export class PushUpstreamGateway {
  constructor(
    private readonly entrance: HttpEntrance,
    private readonly upstream: UpstreamService,
    private readonly maxFrameBytes: number,
    private readonly onFailure: (cause: unknown) => void,
  ) {}

  /** Takes the requests of the path on this adapter. */
  attach(adapter: HttpServer, path: string): void {
    const route: HttpRoute = {
      method: 'POST',
      path,
      purpose: 'call',
      enter: (exchange, admission) => void this.answer(exchange, admission),
    };
    this.entrance.open(adapter, route);
  }

  private async answer(exchange: HttpExchange, admission: Admission): Promise<void> {
    const { request, response } = exchange;
    const call = this.upstream.begin(admission, () => answerLate(exchange));
    if (!isCall(call)) {
      answerProblem(response, call);
      return;
    }
    response.once('close', () => call.end());
    try {
      const body = await readUpstreamBody(exchange, this.maxFrameBytes);
      if (body.type !== 'refused') {
        call.carryOut(body, connectionIdOf(request), (text) => answerReply(response, text));
        return;
      }
      call.end();
      answerProblem(response, body.refusal);
    } catch (cause) {
      this.onFailure(cause);
      response.destroy();
    }
  }
}

function isCall(call: ReturnType<UpstreamService['begin']>): call is UpstreamCall {
  return 'carryOut' in call;
}

/** The handler may go on; its reply finds nobody. */
function answerLate({ request, response }: HttpExchange): void {
  if (response.headersSent) return;
  if (request.complete) answerReply(response, encodeError(ErrorCode.Internal, 'the frame took too long'));
  else answerProblem(response, Refusals.requestTimeout('the frame did not arrive in time'));
}

/** Whatever the frame came to is in the reply; the status says it once more. */
function answerReply(response: ServerResponse, text: string): void {
  if (response.headersSent) return;
  if (!text.startsWith(ERROR_START)) {
    answerJson(response, 200, text);
    return;
  }
  const { status, retryAfterMs } = (JSON.parse(text) as Envelope & { readonly data: ErrorData }).data;
  for (const [name, value] of Object.entries(retryAfterMs === undefined ? {} : retryAfter(retryAfterMs))) {
    response.setHeader(name, value);
  }
  answerJson(response, status, text);
}

/** An empty one names a stream too: none that is anyone's. */
function connectionIdOf({ headers }: IncomingMessage): string | undefined {
  const header = headers[CONNECTION_HEADER];
  return typeof header === 'string' ? header : header?.[0];
}
