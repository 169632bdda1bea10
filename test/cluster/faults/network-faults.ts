import { setTimeout as sleep } from 'node:timers/promises';
import { RedisServer } from '../../support/redis-server.js';
import type { ClusterNodeOptions } from './cluster-node.js';
import type { Fault } from './fault.js';
import type { Figure } from './fault-result.js';
import { NetworkNamespace, namespaceAbsence } from './network-namespace.js';
import { elapsed, noticed } from './node-watch.js';
import type { RedisWorld } from './redis-world.js';

const PARTITION_MS = 10_000;

const absence = namespaceAbsence();

/** A Redis on this machine, and the first node in a network of its own. */
class CabledNode implements RedisWorld {
  private constructor(
    readonly server: RedisServer,
    readonly network: NetworkNamespace,
  ) {}

  static async start(): Promise<CabledNode> {
    const network = new NetworkNamespace();
    // The address is one of this machine alone, so nobody else can come in by it.
    const bind = ['--bind', '127.0.0.1', network.outerAddress, '--protected-mode', 'no'];
    return new CabledNode(await RedisServer.start(bind), network);
  }

  nodeOptions(number: number): ClusterNodeOptions {
    if (number !== 0) return { redis: { url: this.server.url } };
    const { outerAddress, innerAddress: host, through } = this.network;
    // A packet that was lost is sent again: what a node has sent may still arrive when others have gone on.
    return { redis: { url: `redis://${outerAddress}:${this.server.port}` }, host, through, isOnLine: true };
  }

  async stop(): Promise<void> {
    this.network.remove();
    await this.server.stop();
  }
}

/** What happens to the packets between one node and Redis, by the kernel. */
export const NETWORK_FAULTS: readonly Fault<CabledNode>[] = [
  cabled('a node is cut off from Redis for 10 s', async (cluster, { network, server }) => {
    const since = performance.now();
    network.drop({ port: server.port, direction: 'both' });
    const found = await noticed(cluster.node(0), since, 4_000);
    await sleep(Math.max(0, PARTITION_MS - elapsed(since)));
    return [found, stopDropping(network)];
  }),
  {
    ...cabled(
      'a node is cut off from Redis for longer than messages are kept',
      async (_cluster, { network, server }) => {
        network.drop({ port: server.port, direction: 'both' });
        await sleep(PARTITION_MS);
        return [stopDropping(network)];
      },
    ),
    gaps: 'told',
    nodeOptions: () => ({ push: { historySeconds: 4 } }),
  },
  cabled('one packet in five between a node and Redis is lost', async (_cluster, { network, server }) => {
    network.drop({ port: server.port, direction: 'both', percent: 20 });
    await sleep(PARTITION_MS);
    return [stopDropping(network)];
  }),
  cabled('no packet from a node reaches Redis for 6 s', async (cluster, { network, server }) => {
    const since = performance.now();
    network.drop({ port: server.port, direction: 'out' });
    const found = await noticed(cluster.node(0), since, 4_000);
    await sleep(Math.max(0, 6_000 - elapsed(since)));
    return [found, stopDropping(network)];
  }),
  cabled('no packet from Redis reaches a node for 6 s', async (cluster, { network, server }) => {
    const since = performance.now();
    network.drop({ port: server.port, direction: 'in' });
    const found = await noticed(cluster.node(0), since, 4_000);
    await sleep(Math.max(0, 6_000 - elapsed(since)));
    return [found, stopDropping(network)];
  }),
  cabled('the cable of a node is pulled four times', async (_cluster, { network }) => {
    for (let time = 0; time < 4; time++) {
      await network.flap(700);
      await sleep(1_000);
    }
  }),
  cabled('no more than 500 kbit/s leave a node', async (_cluster, { network }) => {
    network.throttle(500);
    await sleep(PARTITION_MS / 2);
    network.throttle(undefined);
  }),
];

function cabled(name: string, strike: Fault<CabledNode>['strike']): Fault<CabledNode> {
  return { name, isQuick: false, absence, gaps: 'none', world: () => CabledNode.start(), strike };
}

function stopDropping(network: NetworkNamespace): Figure {
  const { dropped } = network;
  network.pass();
  return { what: 'packets lost', value: dropped, unit: '' };
}
