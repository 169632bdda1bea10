/**
 * Between connections and the gateways of a host: gives each connection the face that Nest knows and runs its handlers.
 * The bridge itself is what Nest takes for the WebSocket server of push gateways.
 */
import { EventEmitter } from 'node:events';
import type { Connection } from '../core/connection.js';
import type { OnFailure } from '../core/failure-report.js';
import type { LifecycleListeners } from '../core/lifecycle-events.js';
import type { ClientFrame } from '../protocol/frames.js';
import type { OutgoingCheck } from '../push/events/outgoing-check.js';
import type { HostHandlers, Reply } from '../push/host-handlers.interface.js';
import { PushConnection } from './push-connection.js';

/** The gateways' side of all connections. */
export class GatewayBridge extends EventEmitter implements HostHandlers {
  /** Whether the host has installed the adapter, without which no gateway hears of connections. */
  isInstalled = false;
  private readonly faces = new Map<Connection, PushConnection>();

  /**
   * @param lifecycle Hear of connections that handlers end.
   * @param onFailure Hears of what handlers throw that is no answer to the client.
   * @param outgoing Judges what handlers send; where there is none, they send what they like.
   */
  constructor(
    private readonly lifecycle: LifecycleListeners,
    private readonly onFailure: OnFailure,
    private readonly outgoing?: OutgoingCheck,
  ) {
    super();
  }

  connected(connection: Connection): void {
    // Without gateways nobody asks for the face of a connection.
    if (this.listenerCount('connection') === 0) return;
    const face = new PushConnection(connection, this.onFailure, this.outgoing, this.lifecycle);
    this.faces.set(connection, face);
    this.emit('connection', face);
    // A gateway that closes it in `handleConnection` does so before Nest listens for the end of it.
    if (!this.faces.has(connection)) face.emit('close');
  }

  disconnected(connection: Connection): void {
    const face = this.faces.get(connection);
    this.faces.delete(connection);
    face?.emit('close');
  }

  handles(connection: Connection, event: string): boolean {
    return this.faces.get(connection)?.handles(event) ?? false;
  }

  async handle(connection: Connection, frame: ClientFrame, reply: Reply): Promise<unknown> {
    return this.faces.get(connection)?.handle(frame, reply);
  }
}
