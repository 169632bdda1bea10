/** What a WebSocket handshake request must look like before anything else is looked at (RFC 6455 section 4.2.1). */
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { SUBPROTOCOL } from '../../protocol/version.js';
import type { HandshakeRequest } from '../../push/admission.js';
import { Refusals } from '../../push/refusal.js';
import type { Refusal } from '../../push/refusal.js';
import { hostProblem } from '../host-header.js';

const KEY = /^[+/0-9A-Za-z]{22}==$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VERSION = '13';

/** The path of a request target, without its query. */
export function pathOf(url: string | undefined = ''): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

/** Whether the request asks for a WebSocket, and not for some other protocol. */
export function isWebSocketUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/** The request as the handshake pipeline sees it. */
export function handshakeRequest(request: IncomingMessage): HandshakeRequest {
  const { url = '', method = '', headers, socket } = request;
  const queryAt = url.indexOf('?');
  return {
    method,
    headers,
    query: queryAt === -1 ? undefined : new URLSearchParams(url.slice(queryAt + 1)),
    remoteAddress: socket.remoteAddress,
    isEncrypted: (socket as TLSSocket).encrypted === true,
    shapeProblem: shapeProblem(request),
  };
}

/** Picks the subprotocol to answer with: ours if it was offered, and nothing else, least of all a token. */
export function selectSubprotocol(offered: ReadonlySet<string>): string | false {
  return offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false;
}

function shapeProblem(request: IncomingMessage): Refusal | undefined {
  const { method, headers } = request;
  if (method !== 'GET') return Refusals.methodNotAllowed('a WebSocket handshake is a GET');
  // Node asks for it on plain requests only; without it there is no origin of our own (RFC 9112 section 3.2).
  if (!headers.host) return Refusals.malformed('Host is missing');
  if (isBefore11(request)) return Refusals.malformed('a WebSocket handshake needs HTTP/1.1');
  const hosts = hostProblem(request);
  if (hosts) return hosts;
  const key = headers['sec-websocket-key'];
  if (key === undefined || !KEY.test(key)) return Refusals.malformed('Sec-WebSocket-Key is missing or not valid');
  if (!areSubprotocols(headers['sec-websocket-protocol'])) {
    return Refusals.malformed('Sec-WebSocket-Protocol is not a list of distinct names');
  }
  if (headers['sec-websocket-version'] !== VERSION) return Refusals.unsupportedVersion('WebSocket version 13 only');
  return undefined;
}

function isBefore11({ httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean {
  return httpVersionMajor < 1 || (httpVersionMajor === 1 && httpVersionMinor < 1);
}

function areSubprotocols(header: string | undefined): boolean {
  if (header === undefined) return true;
  const names = header.split(',').map((name) => name.trim());
  return names.every((name) => TOKEN.test(name)) && new Set(names).size === names.length;
}
