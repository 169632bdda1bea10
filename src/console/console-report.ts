import type { ConsoleReport } from '../protocol/console-frames.js';
import type { ClusterLook } from '../push/cluster-view.js';

/** What one page is told of a look at all nodes: what it searches for and whom it follows is its own. */
export function reportOf(
  at: number,
  { by, users, groups, nodes, isPartial }: ClusterLook,
  found: ConsoleReport['found'],
  trace: ConsoleReport['trace'],
): ConsoleReport {
  return { at, by, users, groups, nodes, partial: isPartial, found, trace };
}
