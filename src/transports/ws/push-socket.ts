import { WebSocket } from 'ws';
import type { RawData } from 'ws';
import type { Connection } from '../../core/connection.js';
import type { SessionService } from '../../push/session.service.js';
import { CloseCode } from '../../protocol/close-codes.js';

/** What a live socket belongs to. */
interface Binding {
  readonly connection: Connection;
  readonly sessions: SessionService;
}

/**
 * A server-side WebSocket that knows its connection, so that all sockets can share the same listeners: a closure for
 * each would be most of what an idle connection weighs.
 */
export class PushSocket extends WebSocket {
  private binding: Binding | undefined;

  /** Passes what arrives from now on to the session of the connection. */
  bind(binding: Binding): void {
    this.binding = binding;
    this.on('message', onMessage);
    this.on('ping', onPing);
    this.on('pong', onPong);
    this.on('error', onError);
    this.on('close', onClose);
  }

  /** The connection of this socket, once it is live. */
  get bound(): Binding | undefined {
    return this.binding;
  }
}

/** With the default `binaryType` a message is one Buffer (ws, `websocket.binaryType`). */
function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  const binding = (this as PushSocket).bound;
  if (!binding) return;
  if (isBinary) binding.connection.close(CloseCode.BinaryFrame);
  else binding.sessions.receive(binding.connection, (data as Buffer).toString());
}

function onPing(this: WebSocket, data: Buffer): void {
  const binding = (this as PushSocket).bound;
  if (binding?.sessions.receiveControlFrame(binding.connection)) this.pong(data);
}

function onPong(this: WebSocket): void {
  const binding = (this as PushSocket).bound;
  binding?.sessions.receiveControlFrame(binding.connection);
}

/** The peer broke the rules of RFC 6455: `ws` has told it so with a close frame, and reads no more. */
function onError(this: WebSocket): void {
  const binding = (this as PushSocket).bound;
  if (binding) binding.sessions.broken(binding.connection);
}

function onClose(this: WebSocket): void {
  const binding = (this as PushSocket).bound;
  if (binding) binding.sessions.ended(binding.connection);
}
