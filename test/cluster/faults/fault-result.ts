import type { History, RecipientLog, Span } from '../../history/history.js';
import type { DefectType, Verdict } from '../../history/history-checker.js';

/** What a fault measures beside what became of messages. */
export interface Figure {
  /** Such as `presence of the killed node is gone`. */
  readonly what: string;
  readonly value: number;
  /** `ms`, `KB`, or empty for a count. */
  readonly unit: string;
  /** What is promised. */
  readonly atMost?: number;
}

/** What a run under a fault came to: the verdict in figures, over all recipients. */
export interface FaultResult {
  /** Sends that were tried. */
  readonly published: number;
  readonly accepted: number;
  readonly refused: number;
  /** Sends without an answer: each may have arrived once or not at all. */
  readonly unknown: number;
  /** Messages that had to arrive. */
  readonly due: number;
  readonly received: number;
  readonly toldAsGap: number;
  readonly gaps: number;
  /** Connections that were asked for. */
  readonly sessions: number;
  readonly defects: Readonly<Record<DefectType, number>>;
  /** The first ones in words, for whoever looks into them. */
  readonly examples: readonly string[];
  /** The longest that a single request to publish took until its answer, in milliseconds. */
  readonly longestAnswerMs: number;
  /** The longest that any recipient got nothing while there was something for it all the time, in milliseconds. */
  readonly longestSilenceMs: number;
  /** How long recipients took from the end of a connection to their place in the next one, in milliseconds. */
  readonly backAgainMs: { readonly p50: number; readonly p99: number };
  /** The fault's own. */
  readonly figures?: readonly Figure[];
}

/** Most defects that are told in words. */
const MAX_EXAMPLES = 5;

/** Counts what a history and its verdict say; `load` is when messages were published all the time. */
export function resultOf(
  { publications, recipients }: History,
  verdict: Verdict,
  load: Span,
): Omit<FaultResult, 'longestAnswerMs'> {
  const defects: Record<DefectType, number> = {
    lost: 0,
    repeated: 0,
    disordered: 0,
    'not-for-them': 0,
    'never-published': 0,
    stale: 0,
    garbled: 0,
  };
  for (const { type } of verdict.defects) defects[type]++;
  const outcomes = (wanted: string) => publications.filter(({ outcome }) => outcome === wanted).length;
  const returns = recipients.flatMap(returnsOf).sort((one, other) => one - other);
  const { published, due, received, toldAsGap, gaps, sessions } = verdict;
  return {
    published,
    accepted: outcomes('accepted'),
    refused: outcomes('refused'),
    unknown: outcomes('unknown'),
    due,
    received,
    toldAsGap,
    gaps,
    sessions,
    defects,
    examples: verdict.defects
      .slice(0, MAX_EXAMPLES)
      .map(({ type, recipient, key, detail }) => `${type}: ${key} for ${recipient}: ${detail}`),
    longestSilenceMs: Math.round(Math.max(0, ...recipients.map((log) => silenceOf(log, load)))),
    backAgainMs: { p50: quantile(returns, 0.5), p99: quantile(returns, 0.99) },
  };
}

function silenceOf({ events }: RecipientLog, { startedAt, finishedAt }: Span): number {
  let longest = 0;
  let last = startedAt;
  for (const { type, at } of events) {
    if (type !== 'message' || at < startedAt) continue;
    longest = Math.max(longest, Math.min(at, finishedAt) - last);
    last = at;
    if (at > finishedAt) break;
  }
  return longest;
}

function returnsOf({ events }: RecipientLog): readonly number[] {
  const returns: number[] = [];
  let goneAt: number | undefined;
  for (const { type, at } of events) {
    if (type === 'closed') goneAt ??= at;
    if (type !== 'welcome') continue;
    if (goneAt !== undefined) returns.push(at - goneAt);
    goneAt = undefined;
  }
  return returns;
}

function quantile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

/** Every message that arrived was right, and every one that did not was told of. */
export const NO_DEFECTS: FaultResult['defects'] = {
  lost: 0,
  repeated: 0,
  disordered: 0,
  'not-for-them': 0,
  'never-published': 0,
  stale: 0,
  garbled: 0,
};
