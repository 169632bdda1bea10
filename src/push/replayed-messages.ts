import type { LoggedMessage } from '../backing/message-log.interface.js';
import type { Cancel, Clock } from '../core/clock.js';
import { OutgoingMessage } from '../core/outgoing-message.js';

/** How long replayed messages are remembered from the first one on. */
const REMEMBERED_MS = 2_000;
/** Most messages that are remembered. */
const PLACES = 1024;
/** Most bytes of text that are remembered. */
const MAX_REMEMBERED_BYTES = 8 * 1024 * 1024;

/** A message, and its text: that of the message itself may have to be made anew each time. */
interface Remembered {
  readonly text: string;
  readonly message: OutgoingMessage;
}

/**
 * The messages that were replayed a moment ago. When a crowd comes back at once most of it has missed the same
 * messages: each is encoded once, and connections that are due the same ones share their runs.
 *
 * A message has one place, found by its number, and the next one of that place takes it. Messages that only one
 * connection is due pass through here too, and are many in a crowd: a map by text would hash each of them in whole.
 */
export class ReplayedMessages {
  /** Made when there is something to remember: most of the time, and in most tenants, there is not. */
  private places: (Remembered | undefined)[] | undefined;
  private bytes = 0;
  private cancel: Cancel | undefined;

  constructor(private readonly clock: Clock) {}

  /** The message as it goes out, the same object to all who are replayed it about now. */
  of({ text, cursor, number, partition, endsAtMs }: LoggedMessage): OutgoingMessage {
    const place = number % PLACES;
    const known = this.places?.[place];
    if (known?.text === text) return known.message;
    const message = new OutgoingMessage(text, cursor, number, partition, undefined, endsAtMs);
    this.bytes += message.byteLength - (known?.message.byteLength ?? 0);
    if (this.bytes > MAX_REMEMBERED_BYTES) this.forget();
    else this.remember({ text, message }, place);
    return message;
  }

  private remember(remembered: Remembered, place: number): void {
    this.places ??= Array.from<Remembered | undefined>({ length: PLACES });
    this.places[place] = remembered;
    this.cancel ??= this.clock.after(REMEMBERED_MS, () => this.forget());
  }

  private forget(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.places = undefined;
    this.bytes = 0;
  }
}
