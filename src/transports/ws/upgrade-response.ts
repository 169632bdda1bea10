import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { problemOf } from '../../core/problem.js';
import type { Refusal } from '../../push/refusal.js';

/** Answers an upgrade with an HTTP response in place of 101, and ends the socket once it has left. */
export function refuseUpgrade(socket: Socket, refusal: Refusal): void {
  if (socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(problemOf(refusal));
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    ...Object.entries(refusal.headers).map(([name, value]) => `${name}: ${value}`),
  ];
  // A peer that breaks off meanwhile is no error of ours; unheard, it would end the process.
  socket.on('error', () => {}).once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
