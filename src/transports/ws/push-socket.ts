import { WebSocket } from 'ws';
import type { Connection } from '../../core/connection.js';
import type { SessionService } from '../../push/session.service.js';
import { CloseCode } from '../../protocol/close-codes.js';
import type { WsTransport } from './ws.transport.js';

/**
 * A server-side WebSocket that knows its connection and takes its own events, which nobody else can listen to: five
 * listeners on each socket would be a good part of what an idle connection weighs and of what a handshake costs.
 */
export class PushSocket extends WebSocket {
  private connection: Connection | undefined;
  private sessions: SessionService | undefined;
  private pipe: WsTransport | undefined;

  /** Passes what arrives from now on to the session of the connection, which this is the pipe of. */
  bind(connection: Connection, sessions: SessionService, pipe: WsTransport): void {
    this.connection = connection;
    this.sessions = sessions;
    this.pipe = pipe;
  }

  /** Called by `ws` itself, too: to answer the peer's close frame, and where the peer broke the rules. */
  override close(code?: number, reason?: string | Buffer): void {
    this.pipe?.closing();
    super.close(code, reason);
  }

  /** Before it is bound nothing is of interest, and `ws` itself closes a socket that has failed. */
  override emit(event: string | symbol, data?: unknown, isBinary?: unknown): boolean {
    const { connection, sessions } = this;
    if (!connection || !sessions) return true;
    switch (event) {
      case 'message':
        // With the default `binaryType` a message is one Buffer (ws, `websocket.binaryType`).
        if (isBinary === true) connection.close(CloseCode.BinaryFrame);
        else sessions.receive(connection, (data as Buffer).toString());
        break;
      case 'ping':
        if (sessions.receiveControlFrame(connection)) this.pong(data);
        break;
      case 'pong':
        // An answer to our own question is none of the frames that it may send so many of.
        if (this.pipe?.ponged(data as Buffer)) sessions.heard(connection);
        else sessions.receiveControlFrame(connection);
        break;
      case 'error':
        // The peer broke the rules of RFC 6455: `ws` has told it so with a close frame, and reads no more.
        sessions.broken(connection);
        break;
      case 'close':
        this.pipe?.closed();
        sessions.ended(connection);
        break;
    }
    return true;
  }
}
