import type { FlushScheduler } from './flush-scheduler.js';
import { joinIntoWrites } from './message-run.js';
import type { OutgoingMessage } from './outgoing-message.js';
import type { Transport } from './transport.interface.js';

/** How many messages are looked at for one write. */
const BATCH_MESSAGES = 256;

/** The messages of one connection whose transport is blocked, oldest first. */
export class Backlog {
  private messages: OutgoingMessage[] = [];
  private head = 0;
  private waitingBytes = 0;

  /** Bytes of the messages that wait. */
  get bytes(): number {
    return this.waitingBytes;
  }

  get isEmpty(): boolean {
    return this.head === this.messages.length;
  }

  push(message: OutgoingMessage): void {
    this.messages.push(message);
    this.waitingBytes += message.byteLength;
  }

  /** Writes until the transport is blocked again or nothing waits. `force` goes on although it is blocked. */
  writeTo(transport: Transport, scheduler: FlushScheduler, force = false): void {
    while (!this.isEmpty && (force || !transport.isBlocked)) {
      const [next] = joinIntoWrites(this.peek(BATCH_MESSAGES), transport.format);
      if (!next) return;
      transport.write(next.bytes);
      scheduler.recordWritten(this.take(next.messages.length));
    }
  }

  /** Gives up everything that waits. */
  drop(): void {
    for (const message of this.take(this.messages.length)) message.recordDropped(1, 'closed');
  }

  private peek(count: number): OutgoingMessage[] {
    return this.messages.slice(this.head, this.head + count);
  }

  private take(count: number): OutgoingMessage[] {
    const batch = this.peek(count);
    this.head += batch.length;
    for (const message of batch) this.waitingBytes -= message.byteLength;
    if (this.head * 2 >= this.messages.length) {
      this.messages = this.messages.slice(this.head);
      this.head = 0;
    }
    return batch;
  }
}
