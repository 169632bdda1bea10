/** The SSE edge: admitted requests become event streams. */
import type { ServerResponse } from 'node:http';
import type { HttpServer } from '@nestjs/common';
import type { Connection } from '../../core/connection.js';
import { isHttp2 } from '../../core/http2-stream.js';
import { OutgoingMessage } from '../../core/outgoing-message.js';
import { encodeFrame } from '../../protocol/frame-encoder.js';
import { ServerEvent } from '../../protocol/frames.js';
import type { DrainingData } from '../../protocol/frames.js';
import type { Admission, HandshakeRequest } from '../../push/admission.js';
import { retryAfterMsOf } from '../../push/refusal.js';
import type { Refusal } from '../../push/refusal.js';
import type { SessionService } from '../../push/session.service.js';
import type { TenantSpaces } from '../../push/tenant-spaces.js';
import { answerProblem } from '../http-answer.js';
import type { HttpEntrance } from '../http-entrance.js';
import type { HttpExchange } from '../http-exchange.js';
import { sseFormat } from './sse-format.js';
import { SseTransport, STREAM_HEADERS } from './sse.transport.js';

/** An event source comes back after 1 to 3 seconds, so that a crowd does not come at once. */
const MIN_RETRY_MS = 1_000;
const RETRY_WINDOW_MS = 2_000;

const SESSION = Symbol('session');

/** What a live response belongs to. Kept on it, so that all responses can share their listeners. */
interface BoundResponse extends ServerResponse {
  [SESSION]?: { readonly connection: Connection; readonly sessions: SessionService };
}

/** Accepts event streams. */
export class PushSseGateway {
  constructor(
    private readonly entrance: HttpEntrance,
    private readonly spaces: Pick<TenantSpaces, 'of'>,
  ) {}

  /** Takes the requests of the path on this adapter. */
  attach(adapter: HttpServer, path: string): void {
    this.entrance.open(adapter, {
      method: 'GET',
      path,
      purpose: 'connect',
      describe: (request) => ({ ...request, lastEventId: lastEventIdOf(request) }),
      enter: (exchange, admission, request) => this.open(exchange, admission, request),
      refuse: (exchange, refusal, request) => refuse(exchange, refusal, request),
    });
  }

  private open({ request, response }: HttpExchange, admission: Admission, { query }: HandshakeRequest): void {
    if (!isHttp2(response)) request.socket.setTimeout(0).setNoDelay(true);
    const transport = new SseTransport(response, isNamed(query));
    transport.begin(MIN_RETRY_MS + jitter(RETRY_WINDOW_MS));
    const { sessions } = this.spaces.of(admission.principal.tenant);
    const { connection, greeted } = sessions.open(admission, transport);
    (response as BoundResponse)[SESSION] = { connection, sessions };
    response.on('close', onClose);
    const release = () => {
      connection.outbound.flush();
      transport.release();
    };
    if (greeted) void greeted.then(release);
    else release();
  }
}

function onClose(this: BoundResponse): void {
  const session = this[SESSION];
  if (session) session.sessions.ended(session.connection);
}

/**
 * A browser's event source stops for good at anything but a 200, and cannot set headers: who comes without
 * `Authorization` and should come back is told so in a stream.
 */
function refuse({ request, response }: HttpExchange, refusal: Refusal, { query }: HandshakeRequest): void {
  const waitMs = retryAfterMsOf(refusal);
  if (waitMs === undefined || request.headers.authorization !== undefined) {
    answerProblem(response, refusal);
    return;
  }
  const reconnectInMs = refusal.waitMs ?? waitMs + jitter(waitMs);
  const data: DrainingData = { reconnectInMs };
  const draining = sseFormat(false, isNamed(query)).encode(
    new OutgoingMessage(encodeFrame(ServerEvent.Draining, data)),
  );
  response.writeHead(200, STREAM_HEADERS);
  response.end(`retry: ${reconnectInMs}\n\n${draining.toString()}`);
}

function lastEventIdOf({ headers }: HandshakeRequest): string | undefined {
  const header = headers['last-event-id'];
  return typeof header === 'string' ? header : header?.[0];
}

function isNamed(query: URLSearchParams | undefined): boolean {
  return query?.get('named') === '1';
}

function jitter(windowMs: number): number {
  return Math.floor(Math.random() * windowMs);
}
