/** How a message joins those that wait for a slow reader. */
import type { Backlog } from './backlog.js';
import type { EnqueueVerdict } from './enqueue-verdict.js';
import type { FlushScheduler } from './flush-scheduler.js';
import type { OutgoingMessage } from './outgoing-message.js';
import type { SlowReaderPolicy } from './slow-reader-policy.js';

/**
 * Puts the message behind what waits, if there is room beside the bytes that the transport holds, or its event's policy
 * makes some. What may be dropped makes room for what may not: a reader is cut off only when nothing is left that it can
 * do without.
 */
export function pushBehind(
  backlog: Backlog,
  message: OutgoingMessage,
  transportBytes: number,
  { maxQueueBytes, waiting }: Pick<FlushScheduler, 'maxQueueBytes' | 'waiting'>,
): EnqueueVerdict {
  const hasRoom = () => {
    const bytes = transportBytes + backlog.bytes;
    return bytes === 0 || (bytes + message.byteLength <= maxQueueBytes && !waiting.isOver(bytes));
  };
  const policy = message.shedding?.policy;
  backlog.replaceBy(message);
  const verdict = policy ? keepWithin(policy, backlog, message) : 'queued';
  if (verdict !== 'queued') return verdict;
  if (policy?.action === 'dropNewest' && !hasRoom()) return leaveOut(backlog, message);
  while (!hasRoom()) {
    if (backlog.skipOldest()) continue;
    return policy?.action === 'dropOldest' ? leaveOut(backlog, message) : 'overflow';
  }
  backlog.push(message);
  return 'queued';
}

/** Holds the event to its own bound; one message of it always has room. */
function keepWithin(policy: SlowReaderPolicy, backlog: Backlog, message: OutgoingMessage): EnqueueVerdict {
  const isOver = () => {
    const waiting = backlog.bytesOf(policy);
    return waiting > 0 && waiting + message.byteLength > policy.maxWaitingBytes;
  };
  if (!isOver()) return 'queued';
  if (policy.action === 'disconnect') return 'overflow';
  if (policy.action === 'dropNewest') return leaveOut(backlog, message);
  while (isOver() && backlog.skipOldest(policy));
  return 'queued';
}

function leaveOut(backlog: Backlog, message: OutgoingMessage): EnqueueVerdict {
  backlog.skipNewest(message);
  return 'skipped';
}
