import { randomBytes } from 'node:crypto';
import { encodeCursor } from '../../protocol/cursor.js';
import type { Cursor, Place } from '../../protocol/cursor.js';
import { encodeMessage } from '../../protocol/frame-encoder.js';
import type {
  LoggedMessage,
  LogPage,
  MessageContent,
  MessageLog,
  MessageRouting,
  ReplayRequest,
} from '../message-log.interface.js';

/** A log that lives as long as the process: each start has an epoch of its own. */
export class MemoryMessageLog implements MessageLog {
  private readonly epoch = randomBytes(6).toString('base64url');
  private place: Place = { epoch: this.epoch, number: 0 };

  get position(): Cursor {
    return [this.place];
  }

  append(content: MessageContent, { store }: MessageRouting): LoggedMessage {
    const isKept = store !== 'none';
    if (isKept) this.place = { epoch: this.epoch, number: this.place.number + 1 };
    const cursor = encodeCursor([this.place]);
    return { text: encodeMessage({ ...content, cursor }), cursor, number: isKept ? this.place.number : 0 };
  }

  async read({ after: [{ epoch, number }] }: ReplayRequest): Promise<LogPage> {
    const place = { epoch: this.epoch, number: Math.min(number, this.place.number) };
    const gap = epoch === this.epoch && number <= place.number ? 'expired' : 'reset';
    return { resumedFrom: [place], messages: [], through: this.position, hasMore: false, gap };
  }
}
