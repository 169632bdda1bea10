import type { OutgoingMessage } from './outgoing-message.js';

/**
 * Memory for each byte that waits. What is skipped or cut off is memory until garbage is collected, so what waits may take
 * half of the bound.
 */
const MEMORY_OF_A_BYTE = 2;

/**
 * What waits in the whole process for slow readers, and for those that what they missed is being replayed to. A message
 * that waits for many of them is in memory once and counts once; what their transports hold is looked up now and then, and
 * counts for each.
 */
export class WaitingBudget {
  private messageBytes = 0;
  private transportBytes = 0;
  private readers = 0;

  /** @param maxBytes Past it readers that hold more than their share are treated as if their queue were full. */
  constructor(readonly maxBytes: number) {}

  /** Memory of what waits, in queues and in transports. */
  get bytes(): number {
    return this.messageBytes + this.transportBytes;
  }

  /** Connections that messages wait for, because their peer does not take them or others come first. */
  get slowReaders(): number {
    return this.readers;
  }

  /** Whether there is too little room in the process for one that has so many bytes waiting to add to them. */
  isOver(waitingBytes: number): boolean {
    return this.bytes > this.maxBytes && waitingBytes * MEMORY_OF_A_BYTE * this.readers >= this.maxBytes;
  }

  readerBegan(): void {
    this.readers++;
  }

  readerEnded(): void {
    this.readers--;
  }

  /** The message waits for one connection more. */
  add(message: OutgoingMessage): void {
    if (message.waitingReaders++ > 0) return;
    this.messageBytes += message.byteLength * MEMORY_OF_A_BYTE;
    message.moveOutOfHeap();
  }

  /** The message waits for one connection less. */
  remove(message: OutgoingMessage): void {
    if (--message.waitingReaders === 0) this.messageBytes -= message.byteLength * MEMORY_OF_A_BYTE;
  }

  /** What the transports of slow readers hold, as it was found when all were looked at. */
  setTransportBytes(bytes: number): void {
    this.transportBytes = bytes;
  }
}
