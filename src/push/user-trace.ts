import type { Connection } from '../core/connection.js';
import type { OutgoingMessage } from '../core/outgoing-message.js';
import type { DropReason } from '../core/push-counters.js';
import type { QueueTrace } from '../core/queue-trace.interface.js';
import type { TraceEntry } from '../protocol/console-frames.js';
import { eventOf, messageIdOf } from '../protocol/frame-encoder.js';
import { ServerEvent } from '../protocol/frames.js';
import { isReservedEvent } from '../protocol/names.js';

/** Entries of a user that a node keeps; past it the oldest go. */
export const MAX_TRACE_ENTRIES = 500;

/** An entry before it has its place and time. */
export type TraceDraft = Omit<TraceEntry, 'seq' | 'at'>;

/** What became of messages for one user on this node, most recent last. Holds nothing of their data. */
export class UserTrace {
  /** Somebody looks at it until then. */
  untilMs = 0;
  private readonly entries: TraceEntry[] = [];
  private lastSeq = 0;

  constructor(private readonly now: () => number) {}

  add(draft: TraceDraft): void {
    const at = this.now();
    // Not from 1: whoever has seen entries of an earlier trace, or of an earlier life of the node, is to see these.
    this.lastSeq = Math.max(this.lastSeq + 1, at);
    this.entries.push({ seq: this.lastSeq, at, ...draft });
    if (this.entries.length > MAX_TRACE_ENTRIES) this.entries.shift();
  }

  /** The entries that came after this one. */
  after(seq: number): readonly TraceEntry[] {
    return this.entries.filter((entry) => entry.seq > seq);
  }
}

/** What tells a message in an entry. */
export function describeMessage({ text, byteLength }: OutgoingMessage): TraceDraft {
  return { step: 'matched', messageId: messageIdOf(text), event: eventOf(text), bytes: byteLength };
}

/** What tells a connection in an entry. */
export function describeConnection({ id, transport }: Connection): Pick<TraceEntry, 'connectionId' | 'transport'> {
  return { connectionId: id, transport: transport.name };
}

/** Writes what becomes of the messages of one connection into the trace of its user. */
export class ConnectionTrace implements QueueTrace {
  private readonly connection: Pick<TraceEntry, 'connectionId' | 'transport'>;

  constructor(
    private readonly trace: UserTrace,
    connection: Connection,
  ) {
    this.connection = describeConnection(connection);
  }

  replayed(message: OutgoingMessage): void {
    this.add(message, 'replayed');
  }

  waiting(message: OutgoingMessage): void {
    this.add(message, 'waiting', 'reader');
  }

  written(messages: readonly OutgoingMessage[]): void {
    for (const message of messages) this.add(message, 'written');
  }

  dropped(message: OutgoingMessage, reason: DropReason): void {
    this.add(message, 'dropped', reason);
  }

  /** Frames of the protocol are no messages; of them only a gap says something of messages, once it is written. */
  private add(message: OutgoingMessage, step: TraceEntry['step'], why?: string): void {
    const event = eventOf(message.text);
    if (!isReservedEvent(event)) {
      this.trace.add({ ...describeMessage(message), ...this.connection, step, why });
    } else if (event === ServerEvent.Gap && step === 'written') {
      this.trace.add({ ...this.connection, step: 'gap', why: gapReasonOf(message.text) });
    }
  }
}

function gapReasonOf(text: string): string | undefined {
  return /"reason":"(\w+)"/.exec(text)?.[1];
}
