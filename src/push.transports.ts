/** Puts all transports and their routes on the HTTP adapter of an application, and takes them off its server. */
import type { Server } from 'node:http';
import type { HttpServer } from '@nestjs/common';
import type { TicketStore } from './backing/ticket-store.interface.js';
import type { Clock } from './core/clock.js';
import type { UntakenAnswers } from './core/untaken-answers.js';
import type { ResolvedPushOptions } from './push-options.resolver.js';
import type { HandshakeService } from './push/handshake.service.js';
import type { TenantSpaces } from './push/tenant-spaces.js';
import type { UpstreamService } from './push/upstream.service.js';
import { handshakeRoute } from './transports/handshake/handshake.route.js';
import { HttpEntrance } from './transports/http-entrance.js';
import { PushPollGateway } from './transports/poll/push-poll.gateway.js';
import { PushSseGateway } from './transports/sse/push-sse.gateway.js';
import { ticketRoute } from './transports/ticket/ticket.route.js';
import { PushUpstreamGateway } from './transports/upstream/push-upstream.gateway.js';
import { answerPlainRequests } from './transports/ws/plain-request.js';
import { PushWebSocketGateway } from './transports/ws/push-websocket.gateway.js';

/** What the transports work with. */
export interface TransportParts {
  readonly handshakes: HandshakeService;
  readonly spaces: TenantSpaces;
  readonly upstream: UpstreamService;
  readonly tickets: TicketStore;
  readonly untaken: UntakenAnswers;
  readonly clock: Clock;
  readonly options: ResolvedPushOptions;
  readonly onFailure: (cause: unknown) => void;
}

/** The edges of the module to its clients. */
export class PushTransports {
  private readonly webSockets: PushWebSocketGateway;

  constructor(private readonly parts: TransportParts) {
    const { handshakes, spaces, clock, options, onFailure } = parts;
    const { paths, maxFrameBytes, drainMs } = options;
    const own = { path: paths.ws, maxFrameBytes, drainMs };
    this.webSockets = new PushWebSocketGateway(handshakes, spaces, own, clock, onFailure);
  }

  /** Takes the requests of our paths. */
  attach(adapter: HttpServer): void {
    const { handshakes, spaces, upstream, tickets, untaken, options, onFailure } = this.parts;
    const { paths, maxFrameBytes } = options;
    const entrance = new HttpEntrance(handshakes, onFailure);
    this.webSockets.attach(adapter.getHttpServer() as Server);
    answerPlainRequests(adapter, paths.ws);
    new PushSseGateway(entrance, spaces).attach(adapter, paths.sse);
    new PushPollGateway(entrance, spaces, untaken).attach(adapter, paths.poll);
    new PushUpstreamGateway(entrance, upstream, maxFrameBytes, onFailure).attach(adapter, paths.upstream);
    entrance.open(adapter, handshakeRoute(paths.handshake));
    const { ttlSeconds } = options.tickets;
    entrance.open(adapter, ticketRoute(paths.ticket, { tickets, ttlSeconds, onFailure }));
  }

  /** Leaves the server as it was; the routes end with their adapter. */
  detach(): void {
    this.webSockets.detachAll();
  }
}
