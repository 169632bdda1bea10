/**
 * The WebSocket edge: upgrades of the configured path become connections. Nothing of the peer is read, and no socket is
 * live, before the handshake pipeline has said yes; a no is a real HTTP answer.
 *
 * The `ws` server has no HTTP server of its own and does what RFC 6455 asks for once a request is admitted: the 101,
 * parsing, masking, limits, ping, pong and close.
 */
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { Server, ServerOptions } from 'ws';
import type { Clock } from '../../core/clock.js';
import { CLOSE_TIMEOUT_MS } from '../../core/transport.interface.js';
import { isLater } from '../../core/now-or-later.js';
import type { Admission, Handshake, Verdict } from '../../push/admission.js';
import type { HandshakeService } from '../../push/handshake.service.js';
import type { OpenedSession } from '../../push/session.service.js';
import type { TenantSpaces } from '../../push/tenant-spaces.js';
import { CloseCode } from '../../protocol/close-codes.js';
import { PushSocket } from './push-socket.js';
import { ReadWatch } from './read-watch.js';
import { interceptUpgrades } from './upgrade-interceptor.js';
import { refuseUpgrade } from './upgrade-response.js';
import { handshakeRequest, selectSubprotocol } from './ws-handshake.js';
import { WsTransport } from './ws.transport.js';

/** What the WebSocket edge needs to know. */
export interface WebSocketOptions {
  readonly path: string;
  readonly maxFrameBytes: number;
  /** How long a peer may take what is left when the process ends. */
  readonly drainMs: number;
}

/** Fragments and pieces of one message (RFC 6455 section 5.4); many tiny ones cost more than their bytes. */
const MAX_FRAGMENTS = 256;
const MAX_BUFFERED_CHUNKS = 1_024;

/** Accepts WebSocket connections on HTTP servers. */
export class PushWebSocketGateway {
  private readonly webSockets: Server<typeof PushSocket>;
  private readonly detach: (() => void)[] = [];
  private readonly readWatch: ReadWatch;

  constructor(
    private readonly handshakes: HandshakeService,
    private readonly spaces: Pick<TenantSpaces, 'of'>,
    private readonly options: WebSocketOptions,
    clock: Clock,
    private readonly onFailure: (cause: unknown) => void,
  ) {
    const serverOptions: ServerOptions<typeof PushSocket> & { readonly closeTimeout: number } = {
      noServer: true,
      WebSocket: PushSocket,
      clientTracking: false,
      perMessageDeflate: false,
      autoPong: false,
      maxPayload: options.maxFrameBytes,
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: MAX_BUFFERED_CHUNKS,
      // The pipe has its own; this one is for a socket that has none yet.
      closeTimeout: Math.max(CLOSE_TIMEOUT_MS, options.drainMs),
      handleProtocols: selectSubprotocol,
    };
    this.webSockets = new WebSocketServer(serverOptions);
    this.readWatch = new ReadWatch(clock);
  }

  /** Takes the upgrades of the path on this server until {@link detachAll}. */
  attach(server: HttpServer): void {
    const handle = (request: IncomingMessage, socket: Socket, head: Buffer) => this.upgrade(request, socket, head);
    this.detach.push(interceptUpgrades(server, this.options.path, handle));
  }

  /** Leaves all servers as they were. */
  detachAll(): void {
    for (const detach of this.detach.splice(0)) detach();
  }

  private upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const handshake = this.handshakes.begin(handshakeRequest(request));
    const { verdict } = handshake;
    if (isLater(verdict)) void this.wait(handshake, verdict, request, socket, head);
    else this.conclude(handshake, verdict, request, socket, head);
  }

  /** A peer that leaves meanwhile gives its place back at once. */
  private async wait(
    handshake: Handshake,
    verdict: PromiseLike<Verdict>,
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
  ): Promise<void> {
    const leave = () => {
      handshake.release();
      socket.destroy();
    };
    socket.on('error', leave).on('end', leave).on('close', leave);
    const settled = await verdict;
    socket.off('error', leave).off('end', leave).off('close', leave);
    this.conclude(handshake, settled, request, socket, head);
  }

  private conclude(
    handshake: Handshake,
    verdict: Verdict,
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
  ): void {
    if (socket.destroyed || !socket.readable) socket.destroy();
    else if (verdict.type === 'refused') refuseUpgrade(socket, verdict.refusal);
    else this.open(verdict, request, socket, head);
    handshake.release();
  }

  /** Holds the 101 back until the welcome and what was missed are there, so that all leave in one segment. */
  private open(admission: Admission, request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { sessions } = this.spaces.of(admission.principal.tenant);
    let session: OpenedSession | undefined;
    const release = () => {
      session?.connection.outbound.flush();
      socket.uncork();
    };
    socket.cork();
    this.webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      try {
        const pipe = new WsTransport(webSocket, socket, this.readWatch);
        session = sessions.open(admission, pipe);
        webSocket.bind(session.connection, sessions, pipe);
      } catch (cause) {
        this.onFailure(cause);
        webSocket.close(CloseCode.InternalError);
      }
    });
    if (session?.greeted) void session.greeted.then(release);
    else release();
  }
}
