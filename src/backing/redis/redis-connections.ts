/**
 * The connections of the module to Redis, its own and never the host's: one for commands, one that listens.
 *
 * The driver's defaults acknowledge messages that reach nobody, and hang for ever on a line that is half open. So here
 * nothing waits in a queue while the server is away, a command ends within a second, a line on which nothing comes is
 * cut, and the next attempt follows within a second for as long as it takes. What listens is subscribed anew by its
 * owner, who then asks what it missed.
 */
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import type { Cancel, Clock } from '../../core/clock.js';

const COMMAND_TIMEOUT_MS = 1_000;
const PING_INTERVAL_MS = 1_000;
const PING_TIMEOUT_MS = 2_500;
const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 1_000;

const SETTINGS = {
  lazyConnect: true,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  connectTimeout: 2_000,
  socketTimeout: 3_000,
  // Of a socket that is gone already the driver never hears the end: this long it would keep the process.
  disconnectTimeout: 200,
  retryStrategy: (attempt: number) => Math.ceil(Math.random() * Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt)),
  // A server that has become a replica, or is loading: the next connection leads to the one that takes writes.
  reconnectOnError: ({ message }: Error) => message.startsWith('READONLY'),
};

/** Holds the two connections and keeps them up. Both connect by themselves, at once and again. */
export class RedisConnections {
  readonly commands: Redis;
  /** Its `ready` says that it is to be subscribed, its `close` that messages pass it by. */
  readonly subscriber: Redis;
  private readonly logger = new Logger('PushModule');
  private readonly cancelWatch: Cancel;
  private isPinging = false;
  private isReported = false;

  /** @param url Such as `redis://localhost:6379`; an invalid one throws. */
  constructor(url: string, clock: Clock) {
    this.commands = new Redis(url, { ...SETTINGS, commandTimeout: COMMAND_TIMEOUT_MS });
    this.subscriber = new Redis(url, { ...SETTINGS, commandTimeout: PING_TIMEOUT_MS });
    for (const connection of [this.commands, this.subscriber]) {
      connection.on('error', (cause: Error) => this.report(cause));
    }
    this.commands.on('ready', () => this.reportBack());
    this.cancelWatch = clock.every(PING_INTERVAL_MS, () => this.ping());
  }

  /** Whether commands can be sent now. What is sent otherwise is refused at once. */
  get isReady(): boolean {
    return this.commands.status === 'ready';
  }

  /** Begins to connect, and goes on until {@link close}. To be called when all listeners are there. */
  open(): void {
    // A failure is reported by the event, and followed by the next attempt.
    for (const connection of [this.commands, this.subscriber]) connection.connect().catch(() => {});
  }

  /** Cuts the line of the subscriber, which does not do its work, and has it connect anew. */
  renewSubscriber(): void {
    if (this.subscriber.status === 'ready') this.subscriber.disconnect(true);
  }

  close(): void {
    this.cancelWatch();
    this.commands.disconnect();
    this.subscriber.disconnect();
  }

  /** Something has to come over a line now and then to tell a quiet one from one that is half open. */
  private ping(): void {
    // Nothing is to come but the end: where no answer does, the driver cuts the line.
    if (this.isReady) this.commands.ping().catch(() => {});
    if (this.isPinging || this.subscriber.status !== 'ready') return;
    this.isPinging = true;
    this.subscriber
      .ping()
      .catch(() => this.renewSubscriber())
      .finally(() => (this.isPinging = false));
  }

  private report(cause: Error): void {
    if (this.isReported) return;
    this.isReported = true;
    this.logger.warn(`Redis is out of reach: ${cause.message}. Sends are refused; connections stay and wait.`);
  }

  private reportBack(): void {
    if (!this.isReported) return;
    this.isReported = false;
    this.logger.log('Redis is back.');
  }
}
