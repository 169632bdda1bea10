import type { AddresseeKind } from '../../core/connection-registry.js';
import type { Cancel, Clock } from '../../core/clock.js';
import type { Audience } from '../message-log.interface.js';
import type { FollowedChannel } from './followed-channel.js';
import type { LogPartition } from './log-partition.js';
import { EVERYONE, channelOf, partitionOf } from './log-routes.js';

/** A channel that nobody here needs is followed so much longer: a page that is loaded again, the next poll, finds it. */
const LEAVE_MS = 3_000;

/** What a node listens to: the channels of those whom it has somebody of, and that of everyone while it has anybody. */
export class LogInterest {
  private readonly leaving = new Map<FollowedChannel, { readonly partition: LogPartition; readonly atMs: number }>();
  private attended = 0;
  private cancelSweep: Cancel | undefined;

  constructor(
    private readonly partitions: readonly LogPartition[],
    private readonly clock: Clock,
    /** A channel is not followed any more. */
    private readonly onLeft: (partition: LogPartition, channel: string) => void,
  ) {}

  attend(kind: AddresseeKind, name: string): void {
    if (this.attended++ === 0) this.join(EVERYONE);
    this.join(channelOf(kind, name));
  }

  leave(kind: AddresseeKind, name: string): void {
    this.part(channelOf(kind, name));
    if (--this.attended === 0) this.part(EVERYONE);
  }

  /** Whether all that is for the audience is heard. A promise where it soon is; false where part of it is out of reach. */
  hears({ userId, groups }: Audience): boolean | Promise<void> {
    const user = this.awaited(EVERYONE, this.awaited(channelOf('user', userId), true));
    let hears = user;
    for (const group of groups) hears = this.awaited(channelOf('group', group), hears);
    return typeof hears === 'boolean' ? hears : hears.whenNews();
  }

  close(): void {
    this.cancelSweep?.();
  }

  private awaited(channel: string, others: boolean | LogPartition): boolean | LogPartition {
    const partition = this.partitionOf(channel);
    if (others === false || !partition?.isFollowing) return false;
    return partition.channel(channel)?.isFollowed ? others : partition;
  }

  private join(channel: string): void {
    const partition = this.partitionOf(channel);
    partition?.attend(channel);
    const followed = partition?.channel(channel);
    if (followed) this.leaving.delete(followed);
  }

  private part(channel: string): void {
    const partition = this.partitionOf(channel);
    const followed = partition?.channel(channel);
    if (!partition || !followed) return;
    this.leaving.delete(followed);
    this.leaving.set(followed, { partition, atMs: performance.now() + LEAVE_MS });
    this.cancelSweep ??= this.clock.after(LEAVE_MS, () => this.sweep());
  }

  /** Leaves those whose time has come. They are the first. */
  private sweep(): void {
    this.cancelSweep = undefined;
    const nowMs = performance.now();
    for (const [channel, { partition, atMs }] of this.leaving) {
      if (atMs > nowMs) {
        this.cancelSweep = this.clock.after(Math.ceil(atMs - nowMs), () => this.sweep());
        return;
      }
      this.leaving.delete(channel);
      partition.leave(channel);
      this.onLeft(partition, channel.name);
    }
  }

  private partitionOf(channel: string): LogPartition | undefined {
    return this.partitions[partitionOf(channel, this.partitions.length)];
  }
}
