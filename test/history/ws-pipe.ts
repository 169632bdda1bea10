import { WebSocket } from 'ws';
import { pathOf, readEnvelope } from './pipe.js';
import type { OpenPipe } from './pipe.js';

/** A session over WebSocket. */
export const openWebSocketPipe: OpenPipe = (request, listener) => {
  const socket = new WebSocket(`ws://127.0.0.1:${request.port}${pathOf('ws', request)}`, {
    headers: { authorization: `Bearer ${request.token}` },
    perMessageDeflate: false,
  });
  let reason = '';
  socket.on('message', (data: Buffer) => {
    const envelope = readEnvelope(data.toString(), listener);
    if (envelope) listener.frame(envelope, envelope.cursor);
  });
  socket.on('error', ({ message }) => {
    reason = message;
  });
  socket.on('close', (code) => listener.closed(`${code} ${reason}`.trim()));
  return {
    send(frame) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
      return true;
    },
    cut: () => socket.terminate(),
    sleep: () => socket.pause(),
    wake: () => socket.resume(),
  };
};
