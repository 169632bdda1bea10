/**
 * A stampede: a crowd that is connected over two nodes loses all its connections at once and knocks again, while messages
 * for others go on. Measured is what the crowd, the nodes and those others saw of it.
 */
import type { PushModuleOptions } from '../../../src/push-options.interface.js';
import { Scrape } from '../../support/metrics.js';
import { RedisServer } from '../../support/redis-server.js';
import { RestClient } from '../../support/rest-client.js';
import { ClusterNode } from '../faults/cluster-node.js';
import { Bystanders } from './bystanders.js';
import type { BystanderOutcome } from './bystanders.js';
import { ReturningCrowd } from './returning-crowd.js';
import type { CrowdOutcome } from './returning-crowd.js';

const IN_AT_MOST_MS = 300_000;

/** What was seen of it. */
export interface StampedeResult extends CrowdOutcome {
  /** From the break until the last one was in again and had what it missed. */
  readonly allInMs: number;
  /** The longest that the event loop of a node was late meanwhile, as its metrics say. */
  readonly longestLoopDelayMs: number;
  readonly bystanders: BystanderOutcome;
}

/** Runs one over Redis. `push`: options of the nodes. */
export async function stampede(clients: number, push: PushModuleOptions): Promise<StampedeResult> {
  const redis = await RedisServer.start();
  const nodes: ClusterNode[] = [];
  let crowd: ReturningCrowd | undefined;
  let bystanders: Bystanders | undefined;
  try {
    for (let number = 0; number < 2; number++) {
      nodes.push(await ClusterNode.start({ redis: { url: redis.url }, push: { ...push, metrics: {} } }));
    }
    crowd = await ReturningCrowd.start(nodes, clients);
    await crowd.whenAllAreIn(1, IN_AT_MOST_MS);
    bystanders = await Bystanders.start(nodes);
    await longestLoopDelay(nodes);
    const beganAt = performance.now();
    crowd.comeBack();
    const missed = await RestClient.of(nodes[0] ?? { port: 0 }).post('/push/broadcast', { event: 'missed' });
    if (missed.status !== 202) throw new Error(`the message was answered ${missed.status}: ${missed.text}`);
    const outcome = await crowd.whenAllAreIn(2, IN_AT_MOST_MS);
    const allInMs = Math.round(performance.now() - beganAt);
    return {
      ...outcome,
      allInMs,
      longestLoopDelayMs: await longestLoopDelay(nodes),
      bystanders: await bystanders.finish(),
    };
  } finally {
    await bystanders?.stop();
    await crowd?.stop();
    await Promise.all(nodes.map((node) => node.stop()));
    await redis.stop();
  }
}

/** Since it was asked last. */
async function longestLoopDelay(nodes: readonly ClusterNode[]): Promise<number> {
  const scrapes = await Promise.all(nodes.map(({ port }) => Scrape.of(`http://127.0.0.1:${port}/metrics`)));
  const delays = scrapes.map((scrape) => scrape.value('push_event_loop_delay_seconds{quantile="1"}') ?? 0);
  return Math.round(Math.max(...delays) * 1_000);
}
