import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import type { Cancel, Clock } from '../../core/clock.js';
import { COMMAND_TIMEOUT_MS, CONNECTION_SETTINGS, PING_INTERVAL_MS, PING_TIMEOUT_MS } from './connection-settings.js';
import { ReachReport } from './reach-report.js';
import type { RedisConnections } from './redis-connections.js';
import type { RedisLine } from './redis-line.js';
import { RefusalReport } from './refusal-report.js';
import type { Refusal } from './refusal-report.js';
import { SubscriberConnection } from './subscriber-connection.js';
import { SubscriberLine } from './subscriber-line.js';
import { watchRefusals } from './watch-refusals.js';
import { writeTogether } from './write-together.js';

/** Where a server is, and who we are to it, as the driver takes it. */
export type ServerReach = Omit<RedisOptions, 'replyMapping'>;

/**
 * Two connections to one server: one for commands, one that listens and carries all lines. Behind Sentinel each is led to
 * the master whenever it connects. While that changes they may be led to different ones, so whichever is found elsewhere
 * than the commands is led again.
 */
export class StandaloneConnections implements RedisConnections {
  readonly commands: Redis;
  readonly publishCommand = 'PUBLISH';
  private readonly subscriber: Redis;
  private readonly listener: SubscriberConnection;
  private readonly line = new SubscriberLine();
  private readonly report = new ReachReport();
  private readonly refusals: RefusalReport;
  private cancelPings: Cancel = () => {};
  private wasClosed = false;

  /** @param server Where it is, and who we are to it. */
  constructor(
    server: ServerReach,
    private readonly clock: Clock,
  ) {
    this.commands = new Redis({ ...server, ...CONNECTION_SETTINGS, commandTimeout: COMMAND_TIMEOUT_MS });
    writeTogether(this.commands);
    this.subscriber = new Redis({ ...server, ...CONNECTION_SETTINGS, commandTimeout: PING_TIMEOUT_MS });
    this.refusals = new RefusalReport(clock);
    for (const connection of [this.commands, this.subscriber]) {
      watchRefusals(connection, this.refusals);
      connection.on('error', (cause: Error) => this.report.failed(cause));
    }
    this.commands.on('ready', () => this.report.isBack());
    for (const connection of [this.commands, this.subscriber]) connection.on('ready', () => this.bringTogether());
    this.commands.on('close', () => (this.wasClosed = true));
    this.listener = new SubscriberConnection(this.subscriber, {
      onReady: () => this.line.attach(this.listener),
      onLost: () => this.line.detach(),
      onMessage: (channel, message) => this.line.receive(channel, message),
    });
  }

  get isReady(): boolean {
    return this.commands.status === 'ready';
  }

  get hasFailed(): boolean {
    return this.wasClosed;
  }

  get refusal(): Refusal | undefined {
    return this.isReady ? this.refusals.recent : undefined;
  }

  lineOf(_key: string): RedisLine {
    return this.line;
  }

  publish(channel: string, message: string): Promise<number> {
    return this.commands.publish(channel, message);
  }

  onReady(listener: () => void): void {
    this.commands.on('ready', listener);
  }

  open(): void {
    // A failure is reported by the event, and followed by the next attempt.
    for (const connection of [this.commands, this.subscriber]) connection.connect().catch(() => {});
    this.cancelPings = this.clock.every(PING_INTERVAL_MS, () => this.ping());
  }

  close(): void {
    this.cancelPings();
    this.commands.disconnect();
    this.subscriber.disconnect();
  }

  /** Behind an address of its own (a proxy, a managed endpoint) all servers look alike, and probes tell. */
  private bringTogether(): void {
    if (this.commands.status !== 'ready' || this.subscriber.status !== 'ready') return;
    if (peerOf(this.commands) !== peerOf(this.subscriber)) this.listener.renew();
  }

  private ping(): void {
    // Nothing is to come but the end: where no answer does, the driver cuts the line.
    if (this.isReady) this.commands.ping().catch(() => {});
    this.listener.ping();
  }
}

function peerOf({ stream }: Redis): string {
  const { remoteAddress, remotePort } = stream as { readonly remoteAddress?: string; readonly remotePort?: number };
  return `${remoteAddress}:${remotePort}`;
}
