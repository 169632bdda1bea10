import type { MessageContent } from '../backing/message-log.interface.js';
import type { Clock } from '../core/clock.js';

/** What becomes an application message, and how it is to be kept. */
export interface MessageDraft {
  readonly event: string;
  /** JSON already. */
  readonly dataText: string;
  /** The sending user, on messages between clients. */
  readonly from?: string | undefined;
  /** Who had it sent, for the records of the application; not on the wire. */
  readonly by?: string | undefined;
  /** @default 'history' */
  readonly store?: 'none' | 'history' | undefined;
  /** Nobody gets it after so many seconds. */
  readonly ttlSeconds?: number | undefined;
  /** Takes the place of an older message of the same target and key. */
  readonly collapseKey?: string | undefined;
  /** What it is identified by where it may be sent again. */
  readonly onceId?: string | undefined;
}

/** Gives messages their id and time. Their place is the log's to give. */
export class MessageStamper {
  private count = 0;
  private lastMs = Number.NaN;
  private lastIso = '';

  constructor(
    private readonly clock: Clock,
    private readonly nodeId: string,
  ) {}

  stamp({ event, dataText, from, onceId }: MessageDraft): MessageContent {
    const id = onceId ?? `${this.nodeId}-${(++this.count).toString(36)}`;
    return { event, dataText, id, ts: this.isoNow(), from };
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
