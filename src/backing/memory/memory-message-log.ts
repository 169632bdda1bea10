import { randomBytes } from 'node:crypto';
import type { Cursor, Place } from '../../protocol/cursor.js';
import type { MessageLog } from '../message-log.interface.js';

/** A log that lives as long as the process: each start has an epoch of its own. */
export class MemoryMessageLog implements MessageLog {
  private readonly epoch = randomBytes(6).toString('base64url');
  private place: Place = { epoch: this.epoch, number: 0 };

  get position(): Cursor {
    return [this.place];
  }

  append(): Cursor {
    this.place = { epoch: this.epoch, number: this.place.number + 1 };
    return [this.place];
  }
}
