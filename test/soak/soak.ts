/**
 * One soak: nodes in processes of their own, a crowd that comes and goes, then nobody. What the nodes hold is measured when
 * nobody is there any more and the times are over for which something is kept: after a warm-up, and again at the end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../history/seeded-random.js';
import { eventually } from '../support/eventually.js';
import { Scrape } from '../support/metrics.js';
import { RedisServer } from '../support/redis-server.js';
import { SoakedNode } from './soaked-node.js';
import type { SoakedNodeOptions } from './soaked-node.js';
import { compareCounts, grown } from './soak-measures.js';
import type { SoakMeasures } from './soak-measures.js';
import { cleanUp, comeLast, visit } from './visits.js';

/** What a soak is. */
export interface SoakOptions {
  readonly backing: 'memory' | 'redis';
  /** How long visitors come before the first measure. */
  readonly warmUpMs: number;
  /** How long they come between the two. */
  readonly loadMs: number;
  /**
   * Whether what the nodes counted is a soak: nobody who is let in leaves anything behind, either. Visitors come until it
   * is. @default at once
   */
  readonly isEnough?: (counted: SoakResult['counted']) => boolean;
  /** How many do something at a time. */
  readonly visitors: number;
  /**
   * How long nobody comes at all before somebody comes last and it is measured, and again before somebody comes once more:
   * longer than anything is kept that is counted, in milliseconds.
   */
  readonly idleMs?: number;
  /** How long at most until nothing is left over. */
  readonly restMs: number;
  /** Whether something may be kept for longer than the rest, by the name it is compared by; for that nothing waits. */
  readonly isKeptLonger?: (name: string) => boolean;
  /** Options of the module beside those of every soak. */
  readonly push?: Readonly<Record<string, unknown>>;
  readonly plant?: SoakedNodeOptions['plant'];
}

/** Before and after, of each node. */
export interface SoakResult {
  readonly visits: number;
  /** What the nodes counted together, by the series of their metrics. */
  readonly counted: Readonly<Record<string, number>>;
  readonly before: readonly SoakMeasures[];
  readonly after: readonly SoakMeasures[];
  /** Resident memory of all nodes together, every so often while visitors came. */
  readonly rssUnderLoad: readonly number[];
  /** Failures of their own that the nodes logged. */
  readonly logged: string;
}

/** What is kept is kept briefly, so that a soak of any length has everything come and go. */
const PUSH = {
  historySeconds: 1,
  idempotency: { ttlSeconds: 1 },
  tickets: { ttlSeconds: 1 },
  revocations: { ttlSeconds: 1 },
  maxQueueBytes: 131_072,
  stallTimeoutMs: 500,
  upstreamTimeoutMs: 2_000,
  maxPerIp: 10_000,
  metrics: {},
  // The nodes are as busy as the machine: nobody is to be turned away for that.
  maxEventLoopDelayMs: 0,
  // Some come and go, some stay, and what is in those must go.
  maxIdleTenants: 4,
  drainMs: 1_000,
  events: [{ name: 'newest', slowReader: 'dropOldest' }],
};
/** Counters that say what a soak was made of. */
const COUNTED =
  /^push_((?:handshakes|disconnects|gaps|rest_answers|messages|messages_written|messages_dropped|client_frames|failures)_total(?:\{.*\})?) (\d+)$/gm;
const SAMPLE_MS = 5_000;
/** Between two measures at rest, in milliseconds. */
const TURN_MS = 1_500;
/** Between two visits, for a measure that happens to see a timer at work. */
const FEWEST_MEASURES = 3;
/** How long something is kept, and a sweep beside. */
const KEPT_MS = 2_500;
/** How long somebody's visit leaves something: nodes go on hearing for 3 s of what nobody needs any more. */
const VISIT_LEFT_MS = 4_000;

/** Runs a soak from its first node to the end of the last. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const redis = options.backing === 'redis' ? await RedisServer.start() : undefined;
  const nodes: SoakedNode[] = [];
  try {
    const count = redis ? 2 : 1;
    const platform = redis ? 'express' : 'fastify';
    const push = { ...PUSH, ...options.push };
    const how = { platform, redisUrl: redis?.url, push, ...(options.plant && { plant: options.plant }) } as const;
    for (let number = 0; number < count; number++) nodes.push(await SoakedNode.start(how));
    return await soakNodes(nodes, options);
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
    await redis?.stop();
  }
}

async function soakNodes(nodes: readonly SoakedNode[], options: SoakOptions): Promise<SoakResult> {
  const crowd = new Crowd(nodes, options.visitors);
  const hasLeft = nothingLeftBut(options.isKeptLonger);
  await crowd.come(options.warmUpMs);
  await crowd.leave(options.idleMs);
  const before = await crowd.rest(
    options,
    (now, last) => last !== undefined && hasLeft(last, now) && hasLeft(now, last),
  );
  const rssUnderLoad = [...(await crowd.come(options.loadMs))];
  while (options.isEnough?.(await crowd.count()) === false) rssUnderLoad.push(...(await crowd.come(options.loadMs)));
  await crowd.leave(options.idleMs);
  const after = await crowd.rest(options, (now) => hasLeft(before, now));
  const counted = await crowd.count();
  const logged = nodes
    .map(({ output }) => output.replace(/^listening on .*$/m, '').trim())
    .join('\n')
    .trim();
  return { visits: crowd.visits, counted, before, after, rssUnderLoad, logged };
}

/** Those who come and go. */
class Crowd {
  visits = 0;
  private readonly random = SeededRandom.fromEnvironment();
  private readonly ports: readonly [number, ...number[]];

  constructor(
    private readonly nodes: readonly SoakedNode[],
    private readonly size: number,
  ) {
    this.ports = nodes.map(({ port }) => port) as [number, ...number[]];
  }

  /** Visits for so long; resolves with the resident memory in the meantime. */
  async come(milliseconds: number): Promise<readonly number[]> {
    const end = performance.now() + milliseconds;
    const samples: number[] = [];
    const sampling = (async () => {
      while (performance.now() + SAMPLE_MS < end) {
        await sleep(SAMPLE_MS);
        const sizes = await Promise.all(this.nodes.map((node) => node.rssBytes()));
        samples.push(sizes.reduce((sum, bytes) => sum + bytes, 0));
      }
    })();
    const visiting = Array.from({ length: this.size }, async () => {
      const random = this.random.fork();
      while (performance.now() < end) {
        await visit({ ports: this.ports, random });
        this.visits++;
      }
    });
    await Promise.all([...visiting, sampling]);
    return samples;
  }

  /** Everybody is gone, and what is kept has had its time. */
  async leave(idleMs = KEPT_MS): Promise<void> {
    await cleanUp(this.ports);
    await sleep(idleMs);
    await this.comeLast();
  }

  /**
   * Somebody comes when every node sees all of them. On a busy machine one is late with its lease at times; what they hold of
   * one another, and what they say to one another, is then less.
   */
  private async comeLast(): Promise<void> {
    const seesAll = async (port: number) => {
      const scrape = await Scrape.of(`http://127.0.0.1:${port}/metrics`);
      return scrape.value('push_nodes') === this.ports.length;
    };
    const isWhole = async () => (await Promise.all(this.ports.map(seesAll))).every(Boolean);
    await eventually(isWhole, { timeoutMs: 60_000, intervalMs: TURN_MS, what: 'every node sees all of them' });
    await comeLast(this.ports);
  }

  /** What happened, as the nodes saw it. */
  async count(): Promise<Readonly<Record<string, number>>> {
    const counted: Record<string, number> = {};
    for (const port of this.ports) {
      const { text } = await Scrape.of(`http://127.0.0.1:${port}/metrics`);
      for (const [, series = '', value] of text.matchAll(COUNTED)) {
        counted[series] = (counted[series] ?? 0) + Number(value);
      }
    }
    return counted;
  }

  /**
   * Measures until `isSettled`, or the time is over; resolves with the last measures. What is kept for longer than the rest
   * goes when something comes after it, so somebody comes once more whenever nobody came for `idleMs`. What that visit leaves
   * for a while is gone before it is measured at all: a measure stops a node for about a second.
   */
  async rest(
    { restMs, idleMs = 0 }: Pick<SoakOptions, 'restMs' | 'idleMs'>,
    isSettled: (now: readonly SoakMeasures[], last: readonly SoakMeasures[] | undefined) => boolean,
  ): Promise<readonly SoakMeasures[]> {
    const end = performance.now() + restMs;
    for (;;) {
      const nextVisitAt = performance.now() + Math.min(restMs, idleMs);
      await sleep(Math.min(restMs, VISIT_LEFT_MS));
      let last: readonly SoakMeasures[] | undefined;
      for (let measured = 0; measured < FEWEST_MEASURES || performance.now() < nextVisitAt; measured++) {
        if (measured > 0) await sleep(TURN_MS);
        const now = await measureAll(this.nodes);
        if (now.every(seesOthers(now.length - 1)) && isSettled(now, last)) return now;
        last = now;
      }
      if (last && performance.now() >= end) return last;
      await this.comeLast();
    }
  }
}

function measureAll(nodes: readonly SoakedNode[]): Promise<readonly SoakMeasures[]> {
  return Promise.all(nodes.map((node) => node.measure()));
}

/** What the module knows of nodes that share its Redis. One that stands alone has no such list. */
function seesOthers(count: number): (measures: SoakMeasures) => boolean {
  return ({ entries }) => (entries['NodeLease.others'] ?? 0) === count;
}

function nothingLeftBut(
  isKeptLonger: (name: string) => boolean = () => false,
): (before: readonly SoakMeasures[], after: readonly SoakMeasures[]) => boolean {
  return (before, after) =>
    before.every((measures, index) => {
      const now = after[index];
      return now !== undefined && grown(compareCounts(measures, now)).every(({ name }) => isKeptLonger(name));
    });
}
