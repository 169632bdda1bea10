import type { OutgoingMessage } from './outgoing-message.js';
import type { DropReason } from './push-counters.js';

/**
 * Hears what becomes of the messages of one connection, replies included. Somebody looks at its user; where nobody does
 * there is none, and nothing is made for it. Does not throw.
 */
export interface QueueTrace {
  /** A replay has put the message into the queue. */
  replayed(message: OutgoingMessage): void;
  /** The transport takes nothing at the moment: the message waits for the reader. */
  waiting(message: OutgoingMessage): void;
  /** The transport has taken the messages. */
  written(messages: readonly OutgoingMessage[]): void;
  dropped(message: OutgoingMessage, reason: DropReason): void;
}
