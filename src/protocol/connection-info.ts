import type { TransportName } from './frames.js';

/** One live connection, as listings show it. */
export interface ConnectionInfo {
  readonly connectionId: string;
  readonly userId: string;
  readonly groups: readonly string[];
  readonly transport: TransportName;
  /** The node that holds the connection. */
  readonly node: string;
  /** The peer's address, behind trusted proxies the client's. */
  readonly address: string;
  /** ISO 8601 in UTC. */
  readonly connectedAt: string;
}
