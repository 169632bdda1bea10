import { Redis } from 'ioredis';
import { SLOT_COUNT, slotOf } from '../../src/backing/redis/hash-slot.js';
import type { ClusterBackingOptions } from '../../src/backing/redis/redis-options.js';
import { eventually } from './eventually.js';
import { freePort, onFreePorts } from './free-port.js';
import { RedisServer } from './redis-server.js';

const MASTERS = 3;
const LONG_MS = 30_000;

interface ClusterMember {
  readonly server: RedisServer;
  readonly admin: Redis;
  readonly busPort: number;
  readonly id: string;
}

/** A Redis Cluster on loopback: three masters with a replica each. What is down for two seconds is replaced. */
export class RedisCluster {
  private constructor(private readonly members: readonly ClusterMember[]) {}

  /** `settings` makes the arguments of each. */
  static async start(settings: () => readonly string[] | Promise<readonly string[]> = () => []): Promise<RedisCluster> {
    const starting = Array.from({ length: 2 * MASTERS }, () => onFreePorts(async () => startMember(await settings())));
    const started = await Promise.allSettled(starting);
    const cluster = new RedisCluster(started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
    try {
      for (const each of started) if (each.status === 'rejected') throw each.reason;
      await cluster.join();
      return cluster;
    } catch (cause) {
      await cluster.stop();
      throw cause;
    }
  }

  /** How to reach it: the masters that it began with. */
  get options(): ClusterBackingOptions {
    return { nodes: this.members.slice(0, MASTERS).map(({ server: { port } }) => ({ host: '127.0.0.1', port })) };
  }

  /** All of its servers. */
  get servers(): readonly RedisServer[] {
    return this.members.map(({ server }) => server);
  }

  /** The server that has the slot of this key now, by the word of most. */
  async masterOf(key: string): Promise<RedisServer> {
    return (await this.ownerOf(slotOf(key))).server;
  }

  /** A master that has not got the slot of this key. */
  async anotherMasterThan(key: string): Promise<RedisServer> {
    const owner = await this.ownerOf(slotOf(key));
    const owners = await Promise.all(Array.from({ length: MASTERS }, (_, part) => this.ownerOf(startOf(part))));
    const other = owners.find((member) => member !== owner);
    if (!other) throw new Error('one master has all slots');
    return other.server;
  }

  /**
   * Moves the slot of this key, with what is in it, to another master, as an operator does. `halfWay` is called when some
   * keys are here and some there.
   */
  async moveSlotOf(key: string, to: RedisServer, halfWay?: () => Promise<void>): Promise<void> {
    const slot = slotOf(key);
    const source = await this.ownerOf(slot);
    const target = this.memberOf(to);
    await target.admin.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', source.id);
    await source.admin.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', target.id);
    for (let isFirst = true; ; isFirst = false) {
      const keys = (await source.admin.call('CLUSTER', 'GETKEYSINSLOT', slot, isFirst ? 1 : 100)) as string[];
      if (keys.length === 0) break;
      await source.admin.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5_000, 'KEYS', ...keys);
      if (isFirst) await halfWay?.();
    }
    for (const { admin } of [target, source]) await admin.call('CLUSTER', 'SETSLOT', slot, 'NODE', target.id);
    await eventually(async () => (await this.ownerOf(slot)) === target, { what: 'the slot to have moved' });
  }

  /** Waits until another than this server has the slot of the key. */
  async replaced(server: RedisServer, key: string): Promise<void> {
    await eventually(async () => (await this.masterOf(key)) !== server, { timeoutMs: LONG_MS, what: 'a failover' });
  }

  /** Waits until all servers are there and of one mind, and every master has a replica that follows it. */
  async settled(timeLeftMs = countdown(LONG_MS)): Promise<void> {
    for (const { admin } of this.members) {
      await eventually(async () => /cluster_state:ok/.test((await admin.call('CLUSTER', 'INFO')) as string), {
        timeoutMs: timeLeftMs(),
        what: 'the Cluster to be well',
      });
      await eventually(
        async () => /(role:master\s+connected_slaves:[1-9]|master_link_status:up)/.test(await replicationOf(admin)),
        { timeoutMs: timeLeftMs(), what: 'replicas to follow their masters' },
      );
    }
  }

  /** Has every server carry out a command, such as one that makes a user. Resolves to their answers. */
  everywhere(command: string, ...args: readonly string[]): Promise<unknown[]> {
    return Promise.all(this.members.map(({ admin }) => admin.call(command, ...args)));
  }

  async stop(): Promise<void> {
    for (const { admin } of this.members) admin.disconnect();
    await Promise.all(this.members.map(({ server }) => server.stop()));
  }

  private async join(): Promise<void> {
    const [first] = this.members;
    if (!first) return;
    const timeLeftMs = countdown(LONG_MS);
    const masters = this.members.slice(0, MASTERS);
    // A server that knows no other yet can be told its epoch: no two masters begin with the same one.
    for (const [index, { admin }] of this.members.entries()) await admin.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    for (const { server, busPort } of this.members)
      await first.admin.call('CLUSTER', 'MEET', '127.0.0.1', server.port, busPort);
    for (const [part, { admin }] of masters.entries())
      await admin.call('CLUSTER', 'ADDSLOTSRANGE', startOf(part), startOf(part + 1) - 1);
    for (const { admin } of this.members) {
      await eventually(async () => (await linesOf(admin)).filter(isConnected).length === this.members.length, {
        timeoutMs: timeLeftMs(),
        what: 'the servers to know each other',
      });
    }
    for (const [index, { admin }] of this.members.slice(MASTERS).entries())
      await admin.call('CLUSTER', 'REPLICATE', masters[index]?.id ?? '');
    await this.settled(timeLeftMs);
  }

  private async ownerOf(slot: number): Promise<ClusterMember> {
    for (const { admin } of this.members) {
      const ranges = (await admin.call('CLUSTER', 'SLOTS').catch(() => [])) as [number, number, [string, number]][];
      const range = ranges.find(([from, through]) => slot >= from && slot <= through);
      const owner = this.members.find(({ server }) => server.port === range?.[2][1]);
      if (owner) return owner;
    }
    throw new Error(`nobody has slot ${slot}`);
  }

  private memberOf(server: RedisServer): ClusterMember {
    const member = this.members.find((each) => each.server === server);
    if (!member) throw new Error('no server of this Cluster');
    return member;
  }
}

async function startMember(settings: readonly string[]): Promise<ClusterMember> {
  const busPort = await freePort();
  const cluster = ['--cluster-enabled', 'yes', '--cluster-port', `${busPort}`, '--cluster-node-timeout', '2000'];
  // A replica takes over whenever its master is gone, however far it is behind: what is lost is to be told.
  const fast = [
    '--cluster-replica-validity-factor',
    '0',
    '--cluster-allow-replica-migration',
    'no',
    '--repl-diskless-sync-delay',
    '0',
  ];
  const server = await RedisServer.start([...cluster, ...fast, ...settings]);
  const admin = new Redis(server.url, { commandTimeout: 2_000, enableOfflineQueue: false, lazyConnect: true });
  admin.on('error', () => {});
  await admin.connect();
  return { server, admin, busPort, id: (await admin.call('CLUSTER', 'MYID')) as string };
}

async function linesOf(admin: Redis): Promise<readonly string[]> {
  return ((await admin.call('CLUSTER', 'NODES')) as string).split('\n');
}

function isConnected(line: string): boolean {
  return /(myself|\bconnected\b)/.test(line) && !/handshake/.test(line);
}

function replicationOf(admin: Redis): Promise<string> {
  return admin.info('replication');
}

/** What is left of this time, in milliseconds. */
function countdown(timeMs: number): () => number {
  const endMs = performance.now() + timeMs;
  return () => Math.max(0, endMs - performance.now());
}

/** The first slot of the n-th of as many equal parts as there are masters. */
function startOf(part: number): number {
  return Math.round((part * SLOT_COUNT) / MASTERS);
}
