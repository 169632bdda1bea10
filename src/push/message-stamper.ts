import type { MessageLog } from '../backing/message-log.interface.js';
import type { Clock } from '../core/clock.js';
import { OutgoingMessage } from '../core/outgoing-message.js';
import { encodeCursor } from '../protocol/cursor.js';
import { encodeMessage } from '../protocol/frame-encoder.js';

/** What becomes an application message. */
export interface MessageDraft {
  readonly event: string;
  /** JSON already. */
  readonly dataText: string;
  /** Messages that are not stored carry the place before them. */
  readonly isStored: boolean;
  /** The sending user, on messages between clients. */
  readonly from?: string | undefined;
}

/** A message with its identity, ready to be delivered. */
export interface StampedMessage {
  readonly id: string;
  readonly message: OutgoingMessage;
}

/** Gives messages their id, place and time, and writes them as text once for all recipients. */
export class MessageStamper {
  private count = 0;
  private lastMs = Number.NaN;
  private lastIso = '';

  constructor(
    private readonly log: MessageLog,
    private readonly clock: Clock,
    private readonly nodeId: string,
  ) {}

  stamp({ event, dataText, isStored, from }: MessageDraft): StampedMessage {
    const id = `${this.nodeId}-${(++this.count).toString(36)}`;
    const cursor = encodeCursor(isStored ? this.log.append() : this.log.position);
    const text = encodeMessage({ event, dataText, id, cursor, ts: this.isoNow(), from });
    return { id, message: new OutgoingMessage(text) };
  }

  /** Writing a date costs more than the rest of the stamp; within a millisecond it is the same text. */
  private isoNow(): string {
    const nowMs = this.clock.now();
    if (nowMs !== this.lastMs) {
      this.lastMs = nowMs;
      this.lastIso = new Date(nowMs).toISOString();
    }
    return this.lastIso;
  }
}
