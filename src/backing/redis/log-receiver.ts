/**
 * What comes on the channels of a log: judged, put at its place, and handed to the follower in the order of its partition.
 *
 * A frame is listened to if its seal is good, it was said not long ago by the clock of the server, and its id is new.
 * Everything else is dropped and counted; what a node of another version says is read from the log instead. What is for
 * many targets, none of them here, is not even opened: it only moves the chain of the channel, and that only where it
 * fits. Whoever can write to Redis and knows the chain can break it so, which is told as a gap; nothing is delivered
 * that no node has said.
 *
 * A channel that stands elsewhere than it should is a break. Where nothing else was heard since, those whom it concerns
 * are held and read on. Otherwise they have had messages from behind the lost one, and it is a gap.
 */
import type { MatchCount, Target } from '../../core/delivery-target.js';
import { encodeCursor } from '../../protocol/cursor.js';
import type { Cursor } from '../../protocol/cursor.js';
import { withCursor } from '../../protocol/frame-encoder.js';
import type { Audience, Delivery, LogFollower } from '../message-log.interface.js';
import type { FollowedChannel } from './followed-channel.js';
import type { LogPartition } from './log-partition.js';
import type { PartitionOwner } from './log-partition.js';
import { comesAfter, toPlace } from './log-place.js';
import { EVERYONE, channelOf, partitionOf } from './log-routes.js';
import type { LogSecret } from './log-secret.js';
import { NOT_COLLAPSED, claimOf, openMessage, readHeader } from './log-wire.js';
import type { LogFrameProblem, LogHeader, SealedMessage } from './log-wire.js';
import { RecentIds } from './recent-ids.js';
import type { ServerClock } from './server-clock.js';

/** Frames older than this are somebody's recording, or come from a node whose clock is of no use. */
const MAX_FRAME_AGE_MS = 10_000;

/** Why frames were dropped. */
export type DroppedFrames = Record<LogFrameProblem | 'stale' | 'replayed', number>;

/** What a receiver is made with. */
export interface LogReceiverParts {
  readonly serverClock: ServerClock;
  readonly secret: LogSecret;
  /** Finds what this node has sealed itself. */
  readonly recognise: (header: LogHeader) => SealedMessage | undefined;
  /** A message that this or another node published was delivered here. */
  readonly onDelivered: (id: string, delivery: Delivery) => void;
  /** Nobody is to wait for messages of this partition, or on the one channel of it. */
  readonly onInterrupted: (partition: LogPartition, channel?: string) => void;
}

/** Receives for one node. */
export class LogReceiver implements PartitionOwner {
  /** Frames that were not listened to, by reason. */
  readonly dropped: DroppedFrames = { version: 0, forged: 0, truncated: 0, stale: 0, replayed: 0 };
  private readonly recent = new RecentIds(2 * MAX_FRAME_AGE_MS);
  private partitions: readonly LogPartition[] = [];
  private follower: LogFollower | undefined;

  constructor(private readonly parts: LogReceiverParts) {}

  /** The places of this node in all partitions. */
  get cursor(): Cursor {
    const [first = { epoch: 'none', number: 0 }, ...others] = this.partitions.map(({ place }) => toPlace(place));
    return [first, ...others];
  }

  /** Names the partitions, before the first of them tells anything. */
  begin(partitions: readonly LogPartition[]): void {
    this.partitions = partitions;
  }

  follow(follower: LogFollower): void {
    this.follower = follower;
    for (const partition of this.partitions) if (!partition.isFollowing) this.interrupted(partition);
  }

  /** Whom a message for this target finds here now. */
  match(target: Target): MatchCount {
    return this.follower?.match(target) ?? { users: 0, connections: 0 };
  }

  received(partition: LogPartition, channel: FollowedChannel, frame: Buffer): void {
    const header = readHeader(frame);
    if (typeof header === 'string') return this.drop(partition, channel, header);
    const nowMs = this.parts.serverClock.now();
    const message = this.parts.recognise(header) ?? this.open(partition, channel, header, nowMs);
    if (message === undefined) return;
    if (typeof message === 'string') return this.drop(partition, channel, message);
    if (Math.abs(nowMs - message.head.atMs) > MAX_FRAME_AGE_MS) return this.drop(partition, channel, 'stale');
    if (!this.recent.add(header.id, nowMs)) return this.drop(partition, channel, 'replayed');
    this.step(partition, channel, header, nowMs);
    this.deliver(partition, header, message, nowMs);
  }

  interrupted(partition: LogPartition): void {
    this.follower?.interrupted(this.cursor, (audience) => this.involves(partition, audience));
    this.parts.onInterrupted(partition);
  }

  recovered(): void {
    this.follower?.recovered();
  }

  broken(partition: LogPartition, channel: FollowedChannel): void {
    const concerns = (audience: Audience) => channel.concerns(audience);
    const isExact = channel.lastNumber >= partition.place.number;
    channel.followFrom(partition.place);
    if (!isExact) {
      this.follower?.missed(this.cursor, concerns);
      return;
    }
    this.follower?.interrupted(this.cursor, concerns);
    this.follower?.recovered();
  }

  lostEnd(partition: LogPartition): void {
    this.follower?.missed(this.cursor, (audience) => this.involves(partition, audience));
  }

  /** It is for many targets, and none of them is here. */
  private passesBy(
    partition: LogPartition,
    channel: FollowedChannel,
    header: LogHeader,
    target: Target,
    nowMs: number,
  ): boolean {
    if (channel.name !== EVERYONE || target.all || this.follower?.reaches(target) !== false) return false;
    if (!comesAfter(header, partition.place)) return false;
    if (!channel.goesOnFrom(header.previousNumber, header.previousNonce, nowMs)) return false;
    channel.heard(header, nowMs);
    // Whoever comes now is to read it: it will not come to them.
    partition.position.moveTo(header.place);
    return true;
  }

  /** Nothing where it passes by. */
  private open(
    partition: LogPartition,
    channel: FollowedChannel,
    header: LogHeader,
    nowMs: number,
  ): SealedMessage | LogFrameProblem | undefined {
    const { seal } = this.parts.secret;
    const claim = claimOf(header, channel.name);
    if (claim && this.passesBy(partition, channel, header, claim.head.target, nowMs)) return undefined;
    return seal ? openMessage(seal, channel.wireName, header, claim) : 'forged';
  }

  /** Goes to the place of the message, over a break where there is one. */
  private step(partition: LogPartition, channel: FollowedChannel, header: LogHeader, nowMs: number): void {
    const { place, isKept, previousNumber, previousNonce } = header;
    if (!comesAfter(header, partition.place)) {
      partition.break({ ...place, number: isKept ? place.number - 1 : place.number });
    } else if (!channel.goesOnFrom(previousNumber, previousNonce, nowMs)) {
      this.broken(partition, channel);
    }
    channel.heard(header, nowMs);
    partition.position.moveTo(place);
  }

  private deliver(
    { index, place }: LogPartition,
    { id, isKept }: LogHeader,
    message: SealedMessage,
    nowMs: number,
  ): void {
    if (!this.follower) return;
    const { text, head } = message;
    const { atMs, lifeMs, traceparent, collapseId } = head;
    const cursor = encodeCursor(this.cursor);
    const number = isKept ? place.number : 0;
    const ageMs = Math.max(0, nowMs - atMs);
    const logged = {
      text: withCursor(text, '', cursor),
      cursor,
      number,
      partition: index,
      ageMs,
      endsAtMs: lifeMs === undefined ? undefined : performance.now() + atMs + lifeMs - nowMs,
      traceparent,
      collapseId: collapseId === NOT_COLLAPSED ? undefined : collapseId,
    };
    this.parts.onDelivered(id, this.follower.deliver(logged, head.target));
  }

  /** A frame that is not listened to may have stood where a message was due, or the clocks have moved. */
  private drop(partition: LogPartition, channel: FollowedChannel, problem: keyof DroppedFrames): void {
    this.dropped[problem]++;
    if (problem === 'version') this.readInstead(partition, channel);
    else if (problem !== 'replayed') partition.doubt(channel);
  }

  /** A node of another version has said something here. Whom it may be for has it read, before anything else comes. */
  private readInstead(partition: LogPartition, channel: FollowedChannel): void {
    this.follower?.interrupted(this.cursor, (audience) => channel.concerns(audience));
    this.parts.onInterrupted(partition, channel.name);
    partition.followAnew(channel);
    this.follower?.recovered();
  }

  private involves({ index }: LogPartition, { userId, groups }: Audience): boolean {
    const { length } = this.partitions;
    if (index === 0 || partitionOf(channelOf('user', userId), length) === index) return true;
    for (const group of groups) if (partitionOf(channelOf('group', group), length) === index) return true;
    return false;
  }
}
