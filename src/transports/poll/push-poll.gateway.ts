/** The long-poll edge: an admitted request waits for messages and is answered once. */
import type { ServerResponse } from 'node:http';
import type { HttpServer } from '@nestjs/common';
import { isHttp2 } from '../../core/http2-stream.js';
import type { UntakenAnswers } from '../../core/untaken-answers.js';
import type { Admission, HandshakeRequest } from '../../push/admission.js';
import { MAX_POLL_WAIT_SECONDS } from '../../push/open-poll.js';
import type { PollAnswer } from '../../push/open-poll.js';
import { Refusals } from '../../push/refusal.js';
import type { TenantSpaces } from '../../push/tenant-spaces.js';
import { answerJson, answerProblem } from '../http-answer.js';
import type { HttpEntrance } from '../http-entrance.js';
import type { HttpExchange } from '../http-exchange.js';

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** Accepts polls. */
export class PushPollGateway {
  constructor(
    private readonly entrance: HttpEntrance,
    private readonly spaces: Pick<TenantSpaces, 'of'>,
    private readonly untaken: Pick<UntakenAnswers, 'add'>,
  ) {}

  /** Takes the requests of the path on this adapter. */
  attach(adapter: HttpServer, path: string): void {
    this.entrance.open(adapter, {
      method: 'GET',
      path,
      purpose: 'connect',
      describe: checkWait,
      enter: (exchange, admission, request) => this.open(exchange, admission, request),
    });
  }

  private open({ request, response }: HttpExchange, admission: Admission, { query }: HandshakeRequest): void {
    // The wait is ours to end. Node sets the timeout anew for the next request of the socket.
    if (!isHttp2(response)) request.socket.setTimeout(0);
    const waitMs = (waitSecondsOf(query) ?? MAX_POLL_WAIT_SECONDS) * 1000;
    const { polls } = this.spaces.of(admission.principal.tenant);
    const poll = polls.open(admission, waitMs, (answer) => {
      answerPoll(response, answer);
      this.untaken.add(response);
    });
    response.once('close', () => poll.abandon());
  }
}

function answerPoll(response: ServerResponse, answer: PollAnswer): void {
  if (answer.type === 'refused') {
    answerProblem(response, answer.refusal);
    return;
  }
  const { messages, cursor, more } = answer;
  // A poll that ended before anything was read answers the cursor as the client spelled it.
  answerJson(response, 200, `{"messages":[${messages.join(',')}],"cursor":${JSON.stringify(cursor)},"more":${more}}`);
}

function checkWait(request: HandshakeRequest): HandshakeRequest {
  if (waitSecondsOf(request.query) !== undefined) return request;
  return { ...request, shapeProblem: Refusals.malformed('wait must be a number of seconds') };
}

/** Between 0 and {@link MAX_POLL_WAIT_SECONDS}; undefined where it is no number. */
function waitSecondsOf(query: URLSearchParams | undefined): number | undefined {
  const text = query?.get('wait');
  if (text === undefined || text === null) return MAX_POLL_WAIT_SECONDS;
  return DECIMAL.test(text) ? Math.min(Math.max(Number(text), 0), MAX_POLL_WAIT_SECONDS) : undefined;
}
