import type { OutgoingMessage } from './outgoing-message.js';
import type { WireFormat } from './wire-format.js';
import { PerFormat } from './per-format.js';

/** Messages are joined into writes of about this size; a longer message is a write of its own. */
export const WRITE_BYTES = 64 * 1024;

/** Bytes to hand over at once, and the whole messages that they hold. */
export interface RunWrite {
  readonly bytes: Buffer;
  readonly messages: readonly OutgoingMessage[];
}

/**
 * The messages that a connection is due at the next flush, in order. Immutable, and shared: connections that are due
 * the same messages hold the same run, because appending the same message to the same run gives the same run again.
 * So a burst to any number of connections is joined into one buffer once, and appending allocates nothing per
 * connection in the usual case.
 *
 * A run lives from one flush to the next. Who cannot be written to then copies the messages out (see OutboundQueue),
 * so a slow reader keeps no run, and with it all later ones, alive.
 */
export class MessageRun {
  /** The bytes of all messages, as they count against a queue. */
  readonly bytes: number;
  private follower: MessageRun | undefined;
  private writes: PerFormat<readonly RunWrite[]> | undefined;
  private takenCount = 0;

  private constructor(
    private readonly previous: MessageRun | undefined,
    private readonly last: OutgoingMessage | undefined,
  ) {
    this.bytes = previous && last ? previous.bytes + last.byteLength : 0;
  }

  /** A run without messages. Each flush scheduler has one, which all its queues begin with. */
  static empty(): MessageRun {
    return new MessageRun(undefined, undefined);
  }

  get isEmpty(): boolean {
    return this.last === undefined;
  }

  /** This run and one more message. */
  append(message: OutgoingMessage): MessageRun {
    const known = this.follower;
    if (known !== undefined && known.last === message) return known;
    return (this.follower = new MessageRun(this, message));
  }

  /** Forgets the run that followed, so that its messages can be freed. */
  forgetFollower(): void {
    this.follower = undefined;
  }

  /** The messages, oldest first. */
  messages(): OutgoingMessage[] {
    const messages: OutgoingMessage[] = [];
    for (let run: MessageRun = this; run.previous && run.last; run = run.previous) messages.push(run.last);
    return messages.reverse();
  }

  /** The messages in this format, joined into as few writes as their size allows. Made once for all connections. */
  writesIn(format: WireFormat): readonly RunWrite[] {
    const writes = (this.writes ??= new PerFormat());
    return writes.get(format) ?? writes.set(format, this.makeWrites(format));
  }

  /** One more connection's transport took all of it. Returns true for the first since the last {@link settle}. */
  recordTaken(): boolean {
    return this.takenCount++ === 0;
  }

  /** Passes on to the messages how many connections took them, and answers how many bytes these were in all. */
  settle(): number {
    const taken = this.takenCount;
    this.takenCount = 0;
    for (let run: MessageRun = this; run.previous && run.last; run = run.previous) run.last.recordWritten(taken);
    return taken * this.bytes;
  }

  private makeWrites(format: WireFormat): readonly RunWrite[] {
    // The usual case: one message, which is its own write.
    if (this.last && this.previous?.isEmpty) return [{ bytes: this.last.encodingFor(format), messages: [this.last] }];
    return joinIntoWrites(this.messages(), format);
  }
}

/** Joins messages, in order, into buffers of at most about 64 KiB, broken at message borders only. */
export function joinIntoWrites(messages: readonly OutgoingMessage[], format: WireFormat): RunWrite[] {
  const writes: RunWrite[] = [];
  let parts: Buffer[] = [];
  let from = 0;
  let bytes = 0;
  const endWriteBefore = (index: number) => {
    const [first] = parts;
    if (!first) return;
    const joined = parts.length === 1 ? first : Buffer.concat(parts, bytes);
    writes.push({ bytes: joined, messages: messages.slice(from, index) });
    parts = [];
    from = index;
    bytes = 0;
  };
  for (const [index, message] of messages.entries()) {
    const part = message.encodingFor(format);
    if (bytes + part.length > WRITE_BYTES) endWriteBefore(index);
    parts.push(part);
    bytes += part.length;
  }
  endWriteBefore(messages.length);
  return writes;
}
