import type { NowOrLater } from '../../core/now-or-later.js';
import type { PushErrorDetail } from '../../core/push-error.js';

/** What is wrong with data, by pointer from its root; nothing where it is good. */
export type Faults = readonly PushErrorDetail[];

/**
 * The rules of one event. Data is only judged: what is sent on or handed over is the data as it was given. Both throw,
 * or reject, what a rule of the host throws.
 */
export interface EventRules {
  /** Judges, and waits for rules that take a while. */
  judge(data: unknown): NowOrLater<Faults>;
  /** Judges at once; undefined where the rules answer only later. */
  judgeNow(data: unknown): Faults | undefined;
}
