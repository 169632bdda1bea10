import type { LoggedMessage } from '../backing/message-log.interface.js';
import type { Cancel, Clock } from '../core/clock.js';
import { OutgoingMessage } from '../core/outgoing-message.js';

/** How long replayed messages are remembered from the first one on. */
const REMEMBERED_MS = 2_000;
/** Most bytes of text that are remembered. */
const MAX_REMEMBERED_BYTES = 8 * 1024 * 1024;

/**
 * The messages that were replayed a moment ago. When a crowd comes back at once most of it has missed the same
 * messages: each is encoded once, and connections that are due the same ones share their runs.
 */
export class ReplayedMessages {
  private readonly byText = new Map<string, OutgoingMessage>();
  private bytes = 0;
  private cancel: Cancel | undefined;

  constructor(private readonly clock: Clock) {}

  /** The message as it goes out, the same object to all who are replayed it about now. */
  of({ text, cursor, number }: LoggedMessage): OutgoingMessage {
    const known = this.byText.get(text);
    if (known) return known;
    const message = new OutgoingMessage(text, cursor, number);
    if (this.bytes + message.byteLength > MAX_REMEMBERED_BYTES) this.forget();
    this.byText.set(text, message);
    this.bytes += message.byteLength;
    this.cancel ??= this.clock.after(REMEMBERED_MS, () => this.forget());
    return message;
  }

  private forget(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.byText.clear();
    this.bytes = 0;
  }
}
