/**
 * Takes the upgrades of one path away from everyone else who listens on the same HTTP server.
 *
 * A listener, even a prepended one, is not enough: Nest's WsAdapter destroys every upgrade whose path it does not know,
 * and engine.io cuts sockets that nobody has upgraded after a second. Both hear the same event. So `emit` of this one
 * server is replaced while the application runs, for the event 'upgrade' and our path only, and put back afterwards if
 * it is still ours.
 *
 * Since a server with an 'upgrade' listener is handed all upgrades, two more cases are looked after: those that nobody
 * owns are answered with 404, for an unanswered one would keep its socket for ever; and those to other protocols than
 * WebSocket, such as the `Upgrade: h2c` that some HTTP clients put on plain requests, are given back to the HTTP parser
 * without the header, as if nobody listened.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { Refusals } from '../../push/refusal.js';
import { refuseUpgrade } from './upgrade-response.js';
import { isWebSocketUpgrade, pathOf } from './ws-handshake.js';

/** Who answers the upgrades of the path. */
export type UpgradeHandler = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

/** Headers that ask for the upgrade and are left out when a request is replayed. */
const UPGRADE_HEADERS = new Set(['upgrade', 'connection', 'http2-settings']);

/** Intercepts upgrades of the path; the answer takes the interception back. */
export function interceptUpgrades(server: Server, path: string, handler: UpgradeHandler): () => void {
  const original = server.emit;
  const hadOwnEmit = Object.hasOwn(server, 'emit');

  const answerUnowned = (_request: IncomingMessage, socket: Socket) => {
    if (server.listenerCount('upgrade') === 1) refuseUpgrade(socket, Refusals.notFound('no WebSocket here'));
  };

  const intercepted = function (this: Server, event: string, ...args: unknown[]): boolean {
    if (event !== 'upgrade') return Reflect.apply(original, this, [event, ...args]) as boolean;
    const [request, socket, head] = args as [IncomingMessage, Socket, Buffer];
    if (!isWebSocketUpgrade(request) && mayReplay(server, request)) replay(server, request, socket, head);
    else if (pathOf(request.url) === path && isWebSocketUpgrade(request)) handler(request, socket, head);
    else return Reflect.apply(original, this, [event, ...args]) as boolean;
    return true;
  } as Server['emit'];

  server.on('upgrade', answerUnowned);
  server.emit = intercepted;
  return () => {
    server.off('upgrade', answerUnowned);
    if (server.emit !== intercepted) return;
    if (hadOwnEmit) server.emit = original;
    else Reflect.deleteProperty(server, 'emit');
  };
}

/** Another listener may know a protocol of its own; h2c is never meant by a client that also wants an answer over 1.1. */
function mayReplay(server: Server, request: IncomingMessage): boolean {
  return server.listenerCount('upgrade') === 1 || request.headers.upgrade?.toLowerCase() === 'h2c';
}

function replay(server: Server, request: IncomingMessage, socket: Socket, head: Buffer): void {
  const lines = [`${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/${request.httpVersion}`];
  const { rawHeaders } = request;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (!UPGRADE_HEADERS.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[index + 1] ?? ''}`);
  }
  if (head.length > 0) socket.unshift(head);
  socket.unshift(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
  server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket);
}
