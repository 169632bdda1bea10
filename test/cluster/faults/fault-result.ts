import type { History } from '../../history/history.js';
import type { DefectType, Verdict } from '../../history/history-checker.js';

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
  /** The longest that a send took until its answer, in milliseconds. */
  readonly longestSendMs: number;
}

/** Most defects that are told in words. */
const MAX_EXAMPLES = 5;

/** Counts what a history and its verdict say. */
export function resultOf({ publications }: History, verdict: Verdict): FaultResult {
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
  const ended = publications.filter(({ finishedAt }) => Number.isFinite(finishedAt));
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
    longestSendMs: Math.round(Math.max(0, ...ended.map(({ startedAt, finishedAt }) => finishedAt - startedAt))),
  };
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
