import type { NodeTraceEntry } from '../protocol/console-frames.js';

/** Messages and events of the followed user that are kept. */
export const MAX_TRACED = 200;

/** Everything that became of one message for the user, or one thing that is about no message. */
export interface TracedItem {
  readonly key: string;
  readonly at: number;
  /** Absent where it is about no message. */
  readonly messageId: string | undefined;
  readonly event: string | undefined;
  readonly bytes: number | undefined;
  readonly steps: readonly NodeTraceEntry[];
}

/** The order in which things happen to a message, for steps of the same millisecond on different nodes. */
const ORDER = [
  'connected',
  'sent',
  'matched',
  'excluded',
  'replayed',
  'waiting',
  'dropped',
  'written',
  'gap',
  'disconnected',
];

/** The trace of one user, by message. */
export class TraceBook {
  /** Undefined where nobody is followed. */
  userId: string | undefined;
  readonly #items = new Map<string, TracedItem>();

  /** Begins anew, for this user. */
  clear(userId = this.userId): void {
    this.userId = userId;
    this.#items.clear();
  }

  add(entries: readonly NodeTraceEntry[]): void {
    for (const entry of entries) this.#put(entry);
    for (const [key] of this.#items) {
      if (this.#items.size <= MAX_TRACED) return;
      this.#items.delete(key);
    }
  }

  /** Newest first. */
  get items(): readonly TracedItem[] {
    return [...this.#items.values()].sort((one, other) => other.at - one.at);
  }

  #put(entry: NodeTraceEntry): void {
    const { messageId } = entry;
    const key = messageId ?? `${entry.node} ${entry.seq}`;
    const known = this.#items.get(key);
    const steps = [...(known?.steps ?? []), entry].sort(compareSteps);
    this.#items.set(key, {
      key,
      at: known?.at ?? entry.at,
      messageId,
      event: known?.event ?? entry.event,
      bytes: known?.bytes ?? entry.bytes,
      steps,
    });
  }
}

function compareSteps(one: NodeTraceEntry, other: NodeTraceEntry): number {
  // The node that accepted it came before all others, whatever its clock says.
  const isSent = ({ step }: NodeTraceEntry) => Number(step === 'sent');
  if (isSent(one) !== isSent(other)) return isSent(other) - isSent(one);
  if (one.at !== other.at) return one.at - other.at;
  return ORDER.indexOf(one.step) - ORDER.indexOf(other.step);
}
