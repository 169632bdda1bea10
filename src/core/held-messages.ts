import type { Cursor } from '../protocol/cursor.js';
import type { OutgoingMessage } from './outgoing-message.js';

/**
 * What came for a connection while it is not live yet: messages wait until those before them were replayed, replies
 * until the welcome is out.
 */
export class HeldMessages {
  private messages: OutgoingMessage[] = [];
  private replies: OutgoingMessage[] | undefined = [];
  private heldBytes = 0;

  /** @param after The place that the connection came back with, if it did. */
  constructor(readonly after?: Cursor) {}

  /** Bytes of all that is held. */
  get bytes(): number {
    return this.heldBytes;
  }

  /** Whether replies are held too. */
  get holdsReplies(): boolean {
    return this.replies !== undefined;
  }

  addMessage(message: OutgoingMessage): void {
    this.messages.push(message);
    this.heldBytes += message.byteLength;
  }

  addReply(reply: OutgoingMessage): void {
    this.replies?.push(reply);
    this.heldBytes += reply.byteLength;
  }

  /** Gives the replies away; later ones are not held any more. */
  takeReplies(): readonly OutgoingMessage[] {
    const replies = this.replies ?? [];
    this.replies = undefined;
    for (const reply of replies) this.heldBytes -= reply.byteLength;
    return replies;
  }

  /** Gives everything away, replies first. */
  takeAll(): readonly OutgoingMessage[] {
    const all = [...this.takeReplies(), ...this.messages];
    this.messages = [];
    this.heldBytes = 0;
    return all;
  }
}
