import type { Connection } from '../core/connection.js';
import type { ClientFrame } from '../protocol/frames.js';

/** How an answer to a frame goes back to its sender: the reply envelope as text. */
export type Reply = (text: string) => void;

/** The application's own handlers of client frames, `@SubscribeMessage` methods in a Nest host. */
export interface HostHandlers {
  /** Whether anything handles this event. */
  handles(connection: Connection, event: string): boolean;
  /**
   * Runs the handlers of the frame. Resolves when they are done and all their answers went to `reply`, with what one threw
   * where that is a failure of the application, which has been reported and answered by then. Rejects where a result cannot
   * be an answer.
   */
  handle(connection: Connection, frame: ClientFrame, reply: Reply): Promise<unknown>;
  /** A connection is live. */
  connected(connection: Connection): void;
  /** A connection has ended. */
  disconnected(connection: Connection): void;
}
