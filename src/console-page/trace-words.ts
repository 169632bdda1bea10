/** What the words of a trace mean, as sentences. */
import type { NodeTraceEntry } from '../protocol/console-frames.js';
import type { TracedItem } from './trace-book.js';

/** How something ended, for its colour and its mark. */
export type Outcome = 'good' | 'waiting' | 'bad' | 'neutral';

/** An item in short. */
export interface Summary {
  readonly outcome: Outcome;
  readonly text: string;
}

const DROPS: Readonly<Record<string, string>> = {
  overflow: 'its queue was full, so it was closed as too slow (4002)',
  closed: 'the connection ended before it was written',
  replayed: 'no loss: a replay had brought it before',
  expired: 'the time that its sender gave it was over',
  coalesced: 'a newer message with the same collapse key took its place',
  skipped_oldest: 'it made room for newer ones, as its event allows for slow readers',
  skipped: 'no room for it, and its event may be left out for slow readers',
  too_old: 'it had waited longer than its event allows',
};

const GAPS: Readonly<Record<string, string>> = {
  expired: 'more was missed than is kept',
  reset: 'the log began anew',
  invalid_cursor: 'the cursor that the client brought was none',
  skipped: 'messages were left out for a slow reader',
};

const ENDS: Readonly<Record<string, string>> = {
  left: 'the client left',
  broken: 'the line broke',
  answered: 'the poll was answered',
  '1001': 'going away',
  '1012': 'the server restarts or drains',
  '4000': 'no sign of life',
  '4001': 'the token ended',
  '4002': 'it read too slowly',
  '4003': 'it sent too much',
  '4501': 'its token was revoked',
  '4503': 'forbidden',
  '4505': 'disconnected by an administrator',
};

/** One step, with its reason. */
export function describeStep(entry: NodeTraceEntry): string {
  return STEPS[entry.step](entry.why ?? '', entry);
}

const STEPS: Readonly<Record<NodeTraceEntry['step'], (why: string, entry: NodeTraceEntry) => string>> = {
  sent: (why, { isKept }) => {
    const whom = why === 'all' ? 'for everyone' : 'it names the user';
    return `Accepted: ${whom}; ${isKept ? 'kept for those who are away' : 'not kept'}`;
  },
  matched: (why, { name }) => `Matched ${memberOf(why, name)}`,
  excluded: (why, { name }) => `Left out: excepted ${memberOf(why, name)}`,
  waiting: (why) =>
    why === 'replay'
      ? 'Waits until what the client missed was replayed'
      : 'Waits: the client does not read at the moment',
  written: () => 'Written: the transport took it',
  dropped: (why) => `Dropped: ${DROPS[why] ?? why}`,
  replayed: () => 'Replayed: it came while the client was away',
  gap: (why) => `Told of a gap: ${GAPS[why] ?? why}`,
  connected: () => 'Connected',
  disconnected: (why) => `Disconnected: ${ENDS[why] ?? `code ${why}`}`,
};

function memberOf(why: string, name = ''): string {
  if (why === 'group') return `as a member of the group ${name}`;
  if (why === 'all') return 'as everyone is';
  return why === 'user' ? 'by the user id' : 'by the connection id';
}

/** What became of an item in all. */
export function summarize({ messageId, steps }: TracedItem): Summary {
  const [first] = steps;
  if (messageId === undefined) return summarizeEvent(first);
  const of = (step: NodeTraceEntry['step']) => steps.filter((entry) => entry.step === step);
  const written = of('written').length;
  const lost = of('dropped').filter(({ why }) => why !== 'replayed').length;
  const due = new Set([...of('matched'), ...of('replayed')].map(({ connectionId }) => connectionId)).size;
  if (due === 0 && of('excluded').length > 0) return { outcome: 'neutral', text: 'Left out by the exceptions' };
  if (due === 0) {
    const isKept = of('sent').some((entry) => entry.isKept);
    return { outcome: isKept ? 'waiting' : 'bad', text: isKept ? 'Nobody connected: kept' : 'Nobody connected: lost' };
  }
  if (lost > 0) return { outcome: 'bad', text: `Dropped for ${lost} of ${connections(due)}` };
  if (written >= due) {
    return { outcome: 'good', text: `${of('matched').length > 0 ? 'Written' : 'Replayed'} to ${connections(due)}` };
  }
  return { outcome: 'waiting', text: `Waits for ${due - written} of ${connections(due)}` };
}

function summarizeEvent(entry: NodeTraceEntry | undefined): Summary {
  if (entry?.step === 'connected') return { outcome: 'good', text: 'Connected' };
  return { outcome: entry?.step === 'gap' ? 'bad' : 'neutral', text: entry?.step === 'gap' ? 'Gap' : 'Disconnected' };
}

function connections(count: number): string {
  return count === 1 ? '1 connection' : `${count} connections`;
}
