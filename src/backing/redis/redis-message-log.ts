/**
 * The log in Redis, shared by all nodes that have the same keys: in each of its partitions one order, one place for each
 * message, the same on all of them.
 *
 * Publishing, listening and reading are parts of their own. What they have in common are the partitions, the clock of the
 * server and the secret.
 */
import { systemClock } from '../../core/clock.js';
import type { Clock } from '../../core/clock.js';
import type { AddresseeKind } from '../../core/connection-registry.js';
import type { Target } from '../../core/delivery-target.js';
import type { Cursor } from '../../protocol/cursor.js';
import { defaultHistoryAllCount } from '../message-log.interface.js';
import type {
  Audience,
  Delivery,
  LogFollower,
  LogPage,
  MessageContent,
  MessageLog,
  MessageLogLimits,
  MessageRouting,
  ReplayRequest,
} from '../message-log.interface.js';
import { LogInterest } from './log-interest.js';
import { LogPartition } from './log-partition.js';
import { toPlace } from './log-place.js';
import type { LogPlace } from './log-place.js';
import { LogPublisher } from './log-publisher.js';
import { LogReader } from './log-reader.js';
import { LogReceiver } from './log-receiver.js';
import type { DroppedFrames } from './log-receiver.js';
import { channelOf, partitionOf } from './log-routes.js';
import { LogSecret } from './log-secret.js';
import type { RedisConnections } from './redis-connections.js';
import { unavailable } from './redis-failures.js';
import { ServerClock } from './server-clock.js';

/** That a target lost messages is remembered for so many times as long as they are kept, and an hour at least. */
const REMEMBER_LOSSES = 10;
const MIN_REMEMBER_MS = 3_600_000;

/** What a log in Redis is made with. */
export interface RedisMessageLogOptions {
  readonly connections: RedisConnections;
  /** The places of its partitions among the keys, each with a hash tag, such as `push:{0}:log`. */
  readonly roots: readonly [string, ...string[]];
  /** Tells this node from all others. */
  readonly nodeId: string;
  /** Signs what nodes say to each other; logs may share one. Where it is missing, one is kept in Redis. */
  readonly secret?: string | Uint8Array | LogSecret | undefined;
  /** `maxHistoryBytes` is not heeded: Redis has a limit of its own (`maxmemory`). */
  readonly limits?: MessageLogLimits;
  /**
   * How long it is remembered that a message was taken which may be sent again.
   * @default 86_400_000
   */
  readonly onceMs?: number;
  readonly clock?: Clock;
  /** Takes the place of the server's clock, for tests. */
  readonly fixedNow?: () => number;
}

/** Keeps messages in Redis and follows those of all nodes. Begins when the connections are opened. */
export class RedisMessageLog implements MessageLog {
  readonly isInOneOrder: boolean;
  private readonly partitions: readonly LogPartition[];
  private readonly interest: LogInterest;
  private readonly receiver: LogReceiver;
  private readonly publisher: LogPublisher;
  private readonly reader: LogReader;

  constructor({ connections, roots, nodeId, secret: given, limits = {}, ...times }: RedisMessageLogOptions) {
    const { clock = systemClock, fixedNow, onceMs = 86_400_000 } = times;
    const { historyCount = 100, historySeconds = 300, historyAllCount } = limits;
    const historyMs = historySeconds * 1000;
    // In a Cluster each server has an order of its own, and a connection.
    this.isInOneOrder = connections.publishCommand === 'PUBLISH';
    const shared = {
      connections,
      clock,
      nodeId,
      serverClock: new ServerClock(),
      secret: given instanceof LogSecret ? given : new LogSecret(`${roots[0]}:secret`, given),
      fixedNow: () => (fixedNow ? String(fixedNow()) : ''),
      forgetMs: Math.max(REMEMBER_LOSSES * historyMs, MIN_REMEMBER_MS),
      historyMs,
    };
    const bounds = {
      historyCount,
      historySeconds,
      historyAllCount: historyAllCount ?? defaultHistoryAllCount(historyCount),
    };
    this.receiver = new LogReceiver({
      ...shared,
      recognise: (header) => this.publisher.recognise(header),
      onDelivered: (id, delivery) => this.publisher.delivered(id, delivery),
      onInterrupted: (partition, channel) => this.publisher.stopWaiting(partition, channel),
    });
    this.partitions = roots.map((root, index) => new LogPartition(shared, root, index, this.receiver));
    this.receiver.begin(this.partitions);
    const match = (target: Target) => this.receiver.match(target);
    this.publisher = new LogPublisher({ ...shared, onceMs, limits: bounds, match }, this.partitions);
    this.interest = new LogInterest(this.partitions, clock, (partition, channel) => {
      this.publisher.stopWaiting(partition, channel);
    });
    this.reader = new LogReader(shared, this.partitions);
  }

  get position(): Cursor {
    return this.receiver.cursor;
  }

  get isFollowing(): boolean {
    return this.partitions.every(({ isFollowing }) => isFollowing);
  }

  /** Why Redis takes no messages now, as it said; undefined where it does. */
  get refusal(): unknown {
    return this.publisher.refusal;
  }

  /** How many frames of other nodes were not listened to, by reason. */
  get droppedFrames(): Readonly<DroppedFrames> {
    return this.receiver.dropped;
  }

  attend(kind: AddresseeKind, name: string): void {
    this.interest.attend(kind, name);
  }

  leave(kind: AddresseeKind, name: string): void {
    this.interest.leave(kind, name);
  }

  hears(audience: Audience): boolean | Promise<void> {
    return this.interest.hears(audience);
  }

  /** Of the partition of the group, and of the first, where messages for many are. In others nothing comes for it. */
  async joiningPlace(group: string): Promise<Cursor> {
    const asked = new Set([0, partitionOf(channelOf('group', group), this.partitions.length)]);
    const places = this.partitions.map(async (partition) => {
      return toPlace(asked.has(partition.index) ? await partition.askPlace() : atTheEnd(partition.place));
    });
    const [first, ...others] = await Promise.all(places);
    if (!first) throw unavailable();
    return [first, ...others];
  }

  follow(follower: LogFollower): void {
    this.receiver.follow(follower);
  }

  publish(content: MessageContent, routing: MessageRouting): Promise<Delivery> {
    return this.publisher.publish(content, routing);
  }

  read(request: ReplayRequest): Promise<LogPage> {
    return this.reader.read(request);
  }

  /** Stops following. The connections are their owner's to close. */
  close(): void {
    this.interest.close();
    for (const partition of this.partitions) partition.close();
    this.publisher.close();
  }
}

function atTheEnd(place: LogPlace): LogPlace {
  return { ...place, number: Number.MAX_SAFE_INTEGER };
}
