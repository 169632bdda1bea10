/**
 * A fault: what is done to a cluster under load, and what must come of it. Whatever the fault, nothing is lost in
 * silence, repeated, disordered, misdirected or made up; faults differ in whether a gap may be told.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterNode } from './cluster-node.js';
import type { ClusterNodeOptions } from './cluster-node.js';
import { ClusterRun } from './cluster-run.js';
import type { ClusterRunOptions } from './cluster-run.js';
import type { FaultResult, Figure } from './fault-result.js';
import { StandaloneRedis } from './redis-world.js';
import type { RedisWorld } from './redis-world.js';

/** A cluster whose nodes are processes. */
export type FaultyCluster = ClusterRun<ClusterNode>;

/** One scenario, in a world that it may do harm to. */
export interface Fault<World extends RedisWorld = RedisWorld> {
  /** Such as `a node is killed`, to stand after "loses nothing when". */
  readonly name: string;
  /** Whether it is over within a few seconds, and so runs with every test run. */
  readonly isQuick: boolean;
  /** Why it cannot run on this machine; undefined or empty where it can. */
  readonly absence?: string;
  /** Recipients are told of gaps: the log forgets (`told`), it does not and nobody may be (`none`), or either (`may`). */
  readonly gaps: 'none' | 'told' | 'may';
  /** @default a standalone Redis that every node reaches directly */
  world?(): Promise<World>;
  readonly cluster?: ClusterRunOptions;
  /** How the node of that number is started otherwise. */
  nodeOptions?(number: number): ClusterNodeOptions;
  /**
   * So long after its answer a change of memberships may yet take effect on some node, in milliseconds: what is published
   * to the group until then is neither due nor wrong, and everything after that is judged as ever.
   * @default 0
   */
  readonly membershipsSeenWithinMs?: number;
  /** Does the harm and mends it; called under load. Answers what it has measured. */
  strike(cluster: FaultyCluster, world: World): Promise<readonly Figure[] | void>;
  /** Whether the figures show that the fault struck at all. */
  readonly isSeenIn?: (result: FaultResult) => boolean;
}

/** How long the load runs before the fault, and again after it, in milliseconds. */
const BEFORE_MS = 700;
/** Longer than the longest wait of a node before it tries to reach Redis again. */
const AFTER_MS = 1_500;

/** Runs a fault on a cluster of its own. */
export async function runFault(fault: Fault): Promise<FaultResult> {
  const world = await (fault.world?.() ?? StandaloneRedis.start());
  const startNode = (number: number) => {
    const { push, ...changes } = fault.nodeOptions?.(number) ?? {};
    return ClusterNode.start({ ...world.nodeOptions(number), ...changes, push: { ...AMPLE, ...push } });
  };
  try {
    const cluster = await ClusterRun.start(startNode, fault.cluster);
    try {
      await cluster.join();
      const { gaps, membershipsSeenWithinMs } = fault;
      cluster.load({ changesGroups: gaps === 'none', membershipsSeenWithinMs });
      await sleep(BEFORE_MS);
      const figures = (await fault.strike(cluster, world)) ?? [];
      await sleep(AFTER_MS);
      return { ...(await cluster.finish()), figures };
    } finally {
      await cluster.close();
    }
  } finally {
    await world.stop();
  }
}

/** Room for everything that a run publishes. */
export const AMPLE = { maxPerUser: 1_000, historyCount: 5_000, historyAllCount: 5_000, drainMs: 500 };
