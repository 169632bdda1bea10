import { FollowedChannel } from './followed-channel.js';
import type { LogPlace } from './log-place.js';
import type { RedisLine } from './redis-line.js';

/** Channels that are subscribed at a time when the line is back: each of them waits for its confirmation. */
const SUBSCRIBED_AT_ONCE = 8_192;

/** The channels of one partition that a node attends, and which of them the server has confirmed on the present line. */
export class FollowedChannels {
  private readonly byName = new Map<string, FollowedChannel>();
  /** Counts the connections of the line. What was confirmed on another is confirmed no more. */
  private lineCount = 1;

  constructor(
    private readonly line: RedisLine,
    private readonly root: string,
    private readonly forgetMs: number,
    private readonly hear: (channel: FollowedChannel, frame: Buffer) => void,
  ) {}

  get(name: string): FollowedChannel | undefined {
    return this.byName.get(name);
  }

  /** The name by which the server knows a channel. */
  wireNameOf(name: string): string {
    return `${this.root}:c:${name}`;
  }

  /** Undefined where it is attended already. */
  add(name: string): FollowedChannel | undefined {
    if (this.byName.has(name)) return undefined;
    const channel = new FollowedChannel(name, this.wireNameOf(name), this.forgetMs);
    this.byName.set(name, channel);
    return channel;
  }

  has(channel: FollowedChannel): boolean {
    return this.byName.get(channel.name) === channel;
  }

  remove(channel: FollowedChannel): void {
    if (!this.has(channel)) return;
    this.byName.delete(channel.name);
    channel.lose();
    this.line.unsubscribe(channel.wireName);
  }

  /** The line is gone: the next one has no channels. */
  lose(): void {
    this.lineCount++;
    for (const channel of this.byName.values()) channel.lose();
  }

  /** Has all of them confirmed, those too that are attended meanwhile. Rejects when the line is lost or refuses. */
  async confirmAll(): Promise<void> {
    const { lineCount } = this;
    for (let next = this.unconfirmed(); next.length > 0; next = this.unconfirmed()) {
      await Promise.all(next.map((channel) => this.confirm(channel)));
      if (lineCount !== this.lineCount) return;
    }
  }

  /** Resolves when the server has confirmed that it is subscribed. Rejects when the line is lost or refuses. */
  async confirm(channel: FollowedChannel): Promise<void> {
    const { lineCount } = this;
    await this.line.subscribe(channel.wireName, (frame) => {
      if (channel.isFollowed) this.hear(channel, frame);
    });
    if (lineCount === this.lineCount && this.has(channel)) channel.subscribedOn = lineCount;
  }

  isConfirmed(channel: FollowedChannel): boolean {
    return channel.subscribedOn === this.lineCount;
  }

  /** Whether the channel is followed and stands elsewhere than where this node has heard it. */
  hasMissed(channel: FollowedChannel, number: number, nonce: string, nowMs: number): boolean {
    return channel.isFollowed && this.has(channel) && !channel.goesOnFrom(number, nonce, nowMs);
  }

  /** Those that are confirmed. */
  confirmed(): FollowedChannel[] {
    return [...this.byName.values()].filter((channel) => this.isConfirmed(channel));
  }

  /** Those that are followed. */
  followed(): FollowedChannel[] {
    return [...this.byName.values()].filter(({ isFollowed }) => isFollowed);
  }

  /** Some of those that are not confirmed. */
  unconfirmed(): FollowedChannel[] {
    const found: FollowedChannel[] = [];
    for (const channel of this.byName.values()) {
      if (!this.isConfirmed(channel) && found.push(channel) === SUBSCRIBED_AT_ONCE) break;
    }
    return found;
  }

  /** They are followed from this place on, but for those that were confirmed on another line. */
  followFrom(place: LogPlace, channels: readonly FollowedChannel[]): void {
    for (const channel of channels) if (this.isConfirmed(channel)) channel.followFrom(place);
  }

  /** Ends all subscriptions. */
  close(): void {
    for (const channel of [...this.byName.values()]) this.remove(channel);
  }
}
