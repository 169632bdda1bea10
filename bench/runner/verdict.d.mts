import type { Summary } from './statistics.mjs';

export interface Judgement extends Summary {
  readonly verdict: 'met' | 'near' | 'missed' | 'not measured';
}
export function judge(values: readonly number[], atMost: number): Judgement;
