import type { Envelope } from '../protocol/frames.js';
import { BEARER_SUBPROTOCOL_PREFIX, SUBPROTOCOL } from '../protocol/version.js';
import type { OpenLine } from './line.interface.js';
import type { WebSocketLike } from './platform.js';

/** A line over WebSocket. Why an upgrade was refused cannot be seen here: browsers hide it. */
export const openWsLine: OpenLine = (server, query, handlers) => {
  let socket: WebSocketLike | undefined;
  let isClosed = false;
  const end: typeof handlers.ended = (reason) => {
    if (!isClosed) handlers.ended(reason);
    isClosed = true;
  };
  const open = async (): Promise<void> => {
    const token = await server.tokens.get();
    if (isClosed || !server.WebSocket) return;
    const url = server.urlOf('ws', query()).replace(/^http/, 'ws');
    socket = new server.WebSocket(url, [SUBPROTOCOL, BEARER_SUBPROTOCOL_PREFIX + token]);
    socket.onmessage = ({ data }: { readonly data: string }) => {
      if (isClosed) return;
      handlers.heard();
      handlers.framed(JSON.parse(data) as Envelope);
    };
    socket.onclose = ({ code, reason }: { readonly code: number; readonly reason: string }) => end({ code, reason });
    // `close` follows and says all there is. Without a listener the class of `ws` would throw.
    socket.onerror = () => {};
  };
  open().catch((error: unknown) => end({ error }));
  return {
    send(_frame, text) {
      socket?.send(text);
    },
    close() {
      isClosed = true;
      socket?.close(1000);
    },
  };
};
