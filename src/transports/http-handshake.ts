import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { HandshakeRequest } from '../push/admission.js';
import { hostProblem } from './host-header.js';

/** The request as the handshake pipeline sees it, for a transport to say more. */
export function handshakeRequestOf(request: IncomingMessage): HandshakeRequest {
  const { url = '', method = '', headers, socket } = request;
  const queryAt = url.indexOf('?');
  return {
    method,
    headers: withHost(headers),
    query: queryAt === -1 ? undefined : new URLSearchParams(url.slice(queryAt + 1)),
    remoteAddress: socket.remoteAddress,
    isEncrypted: (socket as TLSSocket).encrypted === true,
    shapeProblem: hostProblem(request),
  };
}

/** HTTP/2 names the host in a pseudo-header (RFC 9113 section 8.3.1). */
function withHost(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  const authority = headers[':authority'];
  return headers.host === undefined && typeof authority === 'string' ? { ...headers, host: authority } : headers;
}
