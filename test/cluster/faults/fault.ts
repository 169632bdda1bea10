/**
 * A fault: what is done to a cluster under load, and what must come of it. Whatever the fault, nothing is lost in
 * silence, repeated, disordered, misdirected or made up; faults differ in whether a gap may be told.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterNode } from './cluster-node.js';
import { ClusterRun } from './cluster-run.js';
import type { ClusterRunOptions } from './cluster-run.js';
import type { FaultResult } from './fault-result.js';

/** A cluster whose nodes are processes. */
export type FaultyCluster = ClusterRun<ClusterNode>;

/** One scenario. */
export interface Fault {
  /** Such as `a node is killed`, to stand after "loses nothing when". */
  readonly name: string;
  /** Whether it is over within a few seconds, and so runs with every test run. */
  readonly isQuick: boolean;
  readonly cluster?: ClusterRunOptions;
  /** Does the harm and mends it; called under load. */
  strike(cluster: FaultyCluster): Promise<void>;
  /** Whether recipients are told of gaps: the log forgets (`told`), or it does not and nobody may be (`none`). */
  readonly gaps: 'none' | 'told';
  /** Whether the figures show that the fault struck at all. */
  readonly isSeenIn?: (result: FaultResult) => boolean;
}

/** How long the load runs before the fault, and again after it, in milliseconds. */
const BEFORE_MS = 700;
/** Longer than the longest wait of a node before it tries to reach Redis again. */
const AFTER_MS = 1_500;

/** Runs a fault on a cluster of its own. */
export async function runFault({ cluster: options, strike, gaps }: Fault): Promise<FaultResult> {
  const cluster = await ClusterRun.start((redisUrl) => ClusterNode.start({ redisUrl, push: AMPLE }), options);
  try {
    await cluster.join();
    cluster.load({ changesGroups: gaps === 'none' });
    await sleep(BEFORE_MS);
    await strike(cluster);
    await sleep(AFTER_MS);
    return await cluster.finish();
  } finally {
    await cluster.close();
  }
}

/** Room for everything that a run publishes. */
export const AMPLE = { maxPerUser: 1_000, historyCount: 5_000, historyAllCount: 5_000, drainMs: 500 };
