/**
 * The log in Redis, shared by all nodes that have the same key prefix: one order, one place for each message, the same
 * on all of them.
 *
 * Publishing, following and reading are parts of their own. What they have in common is the root key, the clock of the
 * server and the secret.
 */
import { systemClock } from '../../core/clock.js';
import type { Clock } from '../../core/clock.js';
import type { Cursor } from '../../protocol/cursor.js';
import { defaultHistoryAllCount } from '../message-log.interface.js';
import type {
  Delivery,
  LogFollower,
  LogPage,
  MessageContent,
  MessageLog,
  MessageLogLimits,
  MessageRouting,
  ReplayRequest,
} from '../message-log.interface.js';
import { LogChannel } from './log-channel.js';
import type { DroppedFrames } from './log-channel.js';
import { toPlace } from './log-place.js';
import { LogPublisher } from './log-publisher.js';
import { LogReader } from './log-reader.js';
import { LogSecret } from './log-secret.js';
import type { RedisConnections } from './redis-connections.js';
import { ServerClock } from './server-clock.js';

/** That a target lost messages is remembered for so many times as long as they are kept, and an hour at least. */
const REMEMBER_LOSSES = 10;
const MIN_REMEMBER_MS = 3_600_000;

/** What a log in Redis is made with. */
export interface RedisMessageLogOptions {
  readonly connections: RedisConnections;
  /** Its place among the keys, with a hash tag, such as `push:{main}:log`. */
  readonly root: string;
  /** Tells this node from all others. */
  readonly nodeId: string;
  /** Signs what nodes say to each other. Where it is missing, one is kept in Redis. */
  readonly secret?: string | Uint8Array | undefined;
  /** `maxHistoryBytes` is not heeded: Redis has a limit of its own (`maxmemory`). */
  readonly limits?: MessageLogLimits;
  readonly clock?: Clock;
  /** Takes the place of the server's clock, for tests. */
  readonly fixedNow?: () => number;
}

/** Keeps messages in Redis and follows those of all nodes. Begins when the connections are opened. */
export class RedisMessageLog implements MessageLog {
  private readonly channel: LogChannel;
  private readonly publisher: LogPublisher;
  private readonly reader: LogReader;

  constructor({ connections, root, nodeId, secret: given, limits = {}, ...times }: RedisMessageLogOptions) {
    const { clock = systemClock, fixedNow } = times;
    const { historyCount = 100, historySeconds = 300, historyAllCount } = limits;
    const historyMs = historySeconds * 1000;
    const shared = {
      connections,
      clock,
      root,
      serverClock: new ServerClock(),
      secret: new LogSecret(`${root}:secret`, given),
      fixedNow: () => (fixedNow ? String(fixedNow()) : ''),
      forgetMs: Math.max(REMEMBER_LOSSES * historyMs, MIN_REMEMBER_MS),
      historyMs,
    };
    const bounds = {
      historyCount,
      historySeconds,
      historyAllCount: historyAllCount ?? defaultHistoryAllCount(historyCount),
    };
    this.publisher = new LogPublisher({ ...shared, channel: `${root}:channel`, limits: bounds });
    this.channel = new LogChannel({
      ...shared,
      nodeId,
      recognise: (id, sealed) => this.publisher.recognise(id, sealed),
      onDelivered: (id, delivery) => this.publisher.delivered(id, delivery),
      onFollowing: (isFollowing) => this.publisher.setFollowing(isFollowing),
    });
    this.reader = new LogReader({ ...shared, channel: this.channel });
  }

  get position(): Cursor {
    return [toPlace(this.channel.position)];
  }

  get isFollowing(): boolean {
    return this.channel.isFollowing;
  }

  /** How many frames of other nodes were not listened to, by reason. */
  get droppedFrames(): Readonly<DroppedFrames> {
    return this.channel.dropped;
  }

  attend(): void {}

  leave(): void {}

  hears(): boolean {
    return this.channel.isFollowing;
  }

  joiningPlace(): Cursor {
    return this.position;
  }

  follow(follower: LogFollower): void {
    this.channel.follow(follower);
  }

  publish(content: MessageContent, routing: MessageRouting): Promise<Delivery> {
    return this.publisher.publish(content, routing);
  }

  read(request: ReplayRequest): Promise<LogPage> {
    return this.reader.read(request);
  }

  /** Stops following. The connections are their owner's to close. */
  close(): void {
    this.channel.close();
    this.publisher.close();
  }
}
