import type { RecipientLog } from '../../history/history.js';

const SECOND_MS = 1_000;

/** When clients whose connection had ended asked for the next one, within a span of time; in order. */
export function returnsWithin(
  logs: readonly RecipientLog[],
  { startedAt, finishedAt }: { readonly startedAt: number; readonly finishedAt: number },
): readonly number[] {
  return logs.flatMap((log) => returnsOf(log).filter((at) => at >= startedAt && at < finishedAt)).toSorted(ascending);
}

/** The most that fall into any one second. */
export function busiestSecond(sortedMs: readonly number[]): number {
  let first = 0;
  let most = 0;
  for (const [index, at] of sortedMs.entries()) {
    while (at - (sortedMs[first] ?? at) >= SECOND_MS) first++;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

function returnsOf({ events }: RecipientLog): readonly number[] {
  const returns: number[] = [];
  let hasGone = false;
  for (const { type, at } of events) {
    if (type === 'connecting' && hasGone) returns.push(at);
    hasGone = type === 'closed' || (hasGone && type !== 'welcome');
  }
  return returns;
}

const ascending = (one: number, other: number): number => one - other;
