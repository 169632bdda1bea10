/**
 * The connections to a Redis Cluster: the driver's for commands, which knows which server has which slot, and lines over
 * connections of our own, one to each master that is listened to.
 *
 * The driver tries again what was redirected, which has not been carried out, but never what was on its way when a
 * connection ended, which may have been: that is for whoever asked to know.
 */
import { Cluster, Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import type { Cancel, Clock } from '../../core/clock.js';
import { ClusterLines } from './cluster-lines.js';
import { COMMAND_TIMEOUT_MS, CONNECTION_SETTINGS, PING_INTERVAL_MS, retryDelayMs } from './connection-settings.js';
import { ReachReport } from './reach-report.js';
import type { RedisConnections } from './redis-connections.js';
import type { RedisLine } from './redis-line.js';
import type { RedisAddress } from './redis-options.js';
import { RefusalReport } from './refusal-report.js';
import type { Refusal } from './refusal-report.js';
import { watchRefusals } from './watch-refusals.js';
import { writeTogether } from './write-together.js';

/** A slot that is being moved is tried again so often; then the command is refused. */
const MAX_REDIRECTIONS = 8;
const REDIRECTION_DELAY_MS = 50;
/** How often it is asked who has which slot, where nothing has hinted at a change. */
const REFRESH_INTERVAL_MS = 5_000;
/** And while a line waits for its master. */
const WAITING_INTERVAL_MS = 500;

/** Answers by which a Cluster says where a slot is. */
const LEADING_KINDS = ['MOVED', 'ASK', 'TRYAGAIN'];

/** Which Cluster, and who we are to it. */
export interface ClusterReach {
  readonly nodes: readonly RedisAddress[];
  /** For each connection: credentials, TLS. */
  readonly access: Pick<RedisOptions, 'username' | 'password' | 'tls'>;
  readonly natMap: Readonly<Record<string, RedisAddress>>;
}

/** Connections to all masters of a Cluster. */
export class ClusterConnections implements RedisConnections {
  readonly commands: Cluster;
  readonly publishCommand = 'SPUBLISH';
  private readonly lines: ClusterLines;
  private readonly report = new ReachReport();
  private readonly refusals: RefusalReport;
  private cancelTimers: Cancel = () => {};
  private readonly readyListeners: (() => void)[] = [];
  private wasClosed = false;
  /** All masters have been connected to, or could not be. */
  private isWarm = false;

  constructor(
    private readonly reach: ClusterReach,
    private readonly clock: Clock,
  ) {
    this.refusals = new RefusalReport(clock, LEADING_KINDS);
    this.commands = new Cluster([...reach.nodes], {
      lazyConnect: true,
      enableOfflineQueue: false,
      clusterRetryStrategy: retryDelayMs,
      maxRedirections: MAX_REDIRECTIONS,
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: REDIRECTION_DELAY_MS,
      retryDelayOnTryAgain: REDIRECTION_DELAY_MS,
      slotsRefreshInterval: REFRESH_INTERVAL_MS,
      slotsRefreshTimeout: COMMAND_TIMEOUT_MS,
      // As it is: a certificate names hosts, not their addresses.
      dnsLookup: (host, callback) => callback(null, host),
      natMap: { ...reach.natMap },
      redisOptions: { ...CONNECTION_SETTINGS, ...reach.access, commandTimeout: COMMAND_TIMEOUT_MS },
    });
    this.lines = new ClusterLines({
      masterOf: (slot) => this.masterOf(slot),
      connect: (address) => this.connect(address),
      refresh: () => this.refresh(),
    });
    this.commands.on('+node', (node: Redis) => {
      writeTogether(node);
      watchRefusals(node, this.refusals);
    });
    this.commands.on('refresh', () => this.follow());
    this.commands.on('ready', () => void this.warmUp());
    this.commands.on('close', () => {
      this.wasClosed = true;
      this.isWarm = false;
    });
    this.commands.on('error', (cause: Error) => this.report.failed(cause));
  }

  get isReady(): boolean {
    return this.isWarm;
  }

  get hasFailed(): boolean {
    return this.wasClosed;
  }

  get refusal(): Refusal | undefined {
    return this.isReady ? this.refusals.recent : undefined;
  }

  lineOf(key: string): RedisLine {
    return this.lines.lineOf(key);
  }

  async publish(channel: string, message: string): Promise<number> {
    return Number(await this.commands.spublish(channel, message));
  }

  onReady(listener: () => void): void {
    this.readyListeners.push(listener);
  }

  open(): void {
    // A failure is reported by the event, and followed by the next attempt.
    this.commands.connect().catch(() => {});
    const cancels = [
      this.clock.every(PING_INTERVAL_MS, () => this.ping()),
      this.clock.every(WAITING_INTERVAL_MS, () => this.isReady && this.lines.retry()),
    ];
    this.cancelTimers = () => cancels.forEach((cancel) => cancel());
  }

  close(): void {
    this.cancelTimers();
    this.lines.close();
    this.commands.disconnect();
  }

  /** Who has which slot is known, or known anew. */
  private follow(): void {
    if (!this.isWarm) return;
    for (const node of this.commands.nodes('master')) if (node.status === 'wait') node.connect().catch(() => {});
    this.lines.place();
  }

  /** The driver would connect to a master with the first command for it, and refuse those that come meanwhile. */
  private async warmUp(): Promise<void> {
    await Promise.all(this.commands.nodes('master').map(connected));
    if (this.commands.status !== 'ready' || this.isWarm) return;
    this.isWarm = true;
    this.report.isBack();
    this.follow();
    for (const listener of this.readyListeners) listener();
  }

  private refresh(): void {
    if (this.isReady) this.commands.refreshSlotsCache();
  }

  /** `host:port`, as it is reached from here. */
  private masterOf(slot: number): string | undefined {
    const master = this.commands.slots[slot]?.[0];
    const mapped = master === undefined ? undefined : this.reach.natMap[master];
    return mapped ? `${mapped.host}:${mapped.port}` : master;
  }

  private connect(address: string): Redis {
    const portAt = address.lastIndexOf(':') + 1;
    const where = { host: address.slice(0, portAt - 1), port: Number(address.slice(portAt)) };
    const connection = new Redis({ ...CONNECTION_SETTINGS, ...this.reach.access, ...where });
    watchRefusals(connection, this.refusals);
    return connection;
  }

  private ping(): void {
    for (const node of this.commands.nodes('all')) if (node.status === 'ready') node.ping().catch(() => {});
    this.lines.ping();
  }
}

/** Resolves when the node is connected, or will not be. */
function connected(node: Redis): Promise<void> {
  if (node.status === 'wait') return node.connect().catch(() => {});
  if (node.status === 'ready' || node.status === 'end') return Promise.resolve();
  return new Promise((resolve) => {
    const settle = () => {
      node.off('ready', settle).off('end', settle);
      resolve();
    };
    node.on('ready', settle).on('end', settle);
  });
}
