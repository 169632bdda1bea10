/**
 * One partition of the log, as one node hears it: which of its channels are followed, from where on, and up to which
 * place everything was heard on them.
 *
 * One server publishes in one order and writes to a subscriber in that order. So a node that has heard a number has heard
 * all before it on every channel that was followed, and its position is one place, however many channels there are.
 *
 * A channel is followed when two things have happened in this order: the server has confirmed the subscription, and a
 * probe that was published after that has come back. What came on the channel before the probe is not listened to: it
 * lies before the place from which on the channel is followed, where whoever needs it reads it. One probe is under way at
 * a time, and counts for all channels that were confirmed before it was sent.
 *
 * The line can be lost. Then nothing is followed, and everything begins anew when it is back, with all channels that are
 * attended by then. A message that does not go on from the one before it on its channel is a break of that channel; one
 * that does not go on from the position, or a probe that does not, is a break of all of them.
 */
import type { Cancel } from '../../core/clock.js';
import { Doubts } from './doubts.js';
import type { FollowedChannel } from './followed-channel.js';
import { FollowedChannels } from './followed-channels.js';
import type { LogPlace } from './log-place.js';
import type { LogParts } from './log-parts.js';
import { News } from './news.js';
import { ProbeScript, lossChannelOf, readProbe } from './probe-script.js';
import { Probes } from './probes.js';
import { unavailable } from './redis-failures.js';
import type { LineOwner, RedisLine } from './redis-line.js';
import { PartitionPosition } from './partition-position.js';
import { randomText } from './random-ids.js';

/** Even a line that looks well is asked so often whether messages still come over it. */
const PROBE_INTERVAL_MS = 10_000;
const RETRY_MS = 100;

/** Whom a partition tells. */
export interface PartitionOwner {
  /** Something came on a followed channel. */
  received(partition: LogPartition, channel: FollowedChannel, frame: Buffer): void;
  /** Nothing is followed from now on: all that is on these channels may pass this node by. The position still stands. */
  interrupted(partition: LogPartition): void;
  /** What is attended is followed from the position on. */
  recovered(partition: LogPartition): void;
  /** The channel stands elsewhere than where this node has heard it. */
  broken(partition: LogPartition, channel: FollowedChannel): void;
  /** The partition has lost its end, and this node has gone on since without knowing that. */
  lostEnd(partition: LogPartition): void;
}

/** Follows one partition for one node. */
export class LogPartition implements LineOwner {
  readonly position = new PartitionPosition();
  private readonly script: ProbeScript;
  private readonly line: RedisLine;
  private readonly leaveLine: Cancel;
  private readonly ownChannel: string;
  private readonly channels: FollowedChannels;
  /** Confirmed, and waiting for a probe. */
  private confirmed: FollowedChannel[] = [];
  private readonly probes: Probes;
  private readonly cancelProbes: Cancel;
  private readonly news = new News();
  private follows = false;
  private isClosed = false;
  private isProbing = false;
  private readonly doubts: Doubts;
  /** Counts the connections of the line. */
  private lineCount = 0;

  constructor(
    private readonly parts: LogParts,
    /** The one key that the others are derived from. */
    readonly root: string,
    readonly index: number,
    private readonly owner: PartitionOwner,
  ) {
    const { connections, clock, nodeId, forgetMs, secret } = parts;
    this.probes = new Probes(clock);
    this.ownChannel = `${root}:node:${nodeId}`;
    this.script = new ProbeScript(parts, root, this.ownChannel);
    this.line = connections.lineOf(root);
    const hear = (channel: FollowedChannel, frame: Buffer) => owner.received(this, channel, frame);
    this.channels = new FollowedChannels(this.line, root, forgetMs, hear);
    this.doubts = new Doubts(
      (channel) => secret.learn(connections.commands).then(() => this.probe(channel)),
      // Where commands fail too it is the server that is away, and the line is cut for that.
      () => connections.isReady && this.line.renew(),
    );
    this.leaveLine = this.line.follow(this);
    this.cancelProbes = clock.every(PROBE_INTERVAL_MS, () => this.doubt());
  }

  /** Where this node stands; a place of no log before the first contact. */
  get place(): LogPlace {
    return this.position.place;
  }

  /** Whether the line is well. */
  get isFollowing(): boolean {
    return this.follows;
  }

  /** The channel, if it is attended. */
  channel(name: string): FollowedChannel | undefined {
    return this.channels.get(name);
  }

  /** The name by which the server knows a channel. */
  wireNameOf(name: string): string {
    return this.channels.wireNameOf(name);
  }

  /** Begins to follow the channel, as soon as that is possible. */
  attend(name: string): void {
    const channel = this.channels.add(name);
    if (channel && this.follows) void this.subscribe(channel);
  }

  /** Follows the channel no longer. */
  leave(channel: FollowedChannel): void {
    this.channels.remove(channel);
  }

  /** Resolves when something has changed about what is followed. */
  whenNews(): Promise<void> {
    return this.news.coming;
  }

  /** Asks where the partition stands, without moving this node. Rejects where it is out of reach. */
  async askPlace(): Promise<LogPlace> {
    if (!this.parts.connections.isReady) throw unavailable();
    return this.script.ask({ token: '', doubted: undefined, isFirst: false, known: this.position.known });
  }

  /** Resolves when this node has heard everything that was published before the call; rejects where it cannot be. */
  probe(channel?: FollowedChannel): Promise<void> {
    if (!this.parts.connections.isReady || !this.follows) return Promise.reject(unavailable());
    return this.sendProbe([], channel);
  }

  /** Asks whether messages still come, and all on this channel; where no answer comes over the line, neither do they. */
  doubt(channel?: FollowedChannel): void {
    if (this.follows && this.parts.connections.isReady) this.doubts.raise(channel);
  }

  /** What came on the channel cannot be read here: it is followed anew, and what came until then is behind. */
  followAnew(channel: FollowedChannel): void {
    channel.isFollowed = false;
    this.awaitProbe(channel);
  }

  /** Something has passed by that nobody can say the channels of. The line is well, so it goes on from here at once. */
  break(place: LogPlace): void {
    const { known } = this.position;
    this.goOver(place);
    // Whether the log has lost what it was at, it is to say.
    this.position.hasReached(known);
    this.doubt();
  }

  onLineReady(): void {
    void this.begin(++this.lineCount);
  }

  onLineLost(): void {
    this.lineCount++;
    this.channels.lose();
    this.confirmed = [];
    this.doubts.clear();
    this.probes.failAll();
    const wasFollowing = this.follows;
    this.follows = false;
    if (wasFollowing) this.owner.interrupted(this);
    this.news.tell();
  }

  close(): void {
    this.isClosed = true;
    this.cancelProbes();
    this.leaveLine();
    for (const channel of [this.ownChannel, lossChannelOf(this.root)]) this.line.unsubscribe(channel);
    this.channels.close();
    this.onLineLost();
  }

  /** Subscribes to all that is attended, and asks where the partition stands. What fails is tried again on the same line. */
  private async begin(lineCount: number): Promise<void> {
    const { connections, secret, clock } = this.parts;
    const isOver = () => this.isClosed || lineCount !== this.lineCount;
    try {
      await Promise.all([
        this.line.subscribe(this.ownChannel, (said) => this.receiveProbe(said.toString())),
        this.line.subscribe(lossChannelOf(this.root), () => this.doubt()),
      ]);
      if (isOver()) return;
      await secret.learn(connections.commands);
      await this.channels.confirmAll();
      if (isOver()) return;
      this.confirmed = [];
      await this.sendProbe(this.channels.confirmed(), undefined, true);
      return;
    } catch {
      // The next attempt says whether it was for good.
    }
    clock.after(RETRY_MS, () => !isOver() && !this.follows && this.line.isReady && void this.begin(lineCount));
  }

  /** Subscribes to one channel more. Those of one turn of the event loop share a probe. */
  private async subscribe(channel: FollowedChannel): Promise<void> {
    const { lineCount } = this;
    try {
      await this.channels.confirm(channel);
    } catch {
      this.parts.clock.after(RETRY_MS, () => {
        if (this.channels.has(channel) && lineCount === this.lineCount && this.follows) void this.subscribe(channel);
      });
      return;
    }
    if (lineCount !== this.lineCount) return;
    this.awaitProbe(channel);
  }

  private awaitProbe(channel: FollowedChannel): void {
    this.confirmed.push(channel);
    if (this.confirmed.length === 1) setImmediate(() => this.probeForConfirmed());
  }

  private probeForConfirmed(): void {
    const channels = this.confirmed;
    if (this.isProbing || channels.length === 0 || !this.follows) return;
    this.confirmed = [];
    this.isProbing = true;
    this.sendProbe(channels)
      .catch(() => this.confirmAgain(channels))
      .finally(() => {
        this.isProbing = false;
        this.probeForConfirmed();
      });
  }

  /** Their probe was lost. On the same line they wait for the next one. */
  private confirmAgain(channels: readonly FollowedChannel[]): void {
    const { lineCount } = this;
    this.parts.clock.after(RETRY_MS, () => {
      if (lineCount !== this.lineCount) return;
      this.confirmed.push(...channels.filter((channel) => this.channels.has(channel)));
      this.probeForConfirmed();
    });
  }

  private sendProbe(channels: readonly FollowedChannel[], doubted?: FollowedChannel, isFirst = false): Promise<void> {
    const token = randomText();
    const outcome = this.probes.add(token, { channels, doubted, isFirst });
    // Where it is refused for long, those who wait for it are to wait as while the partition is away.
    const asked = this.script.ask({ token, doubted: doubted?.name, isFirst, known: this.position.known });
    this.doubts.watch(asked, () => this.doubt()).catch((cause: unknown) => this.probes.fail(token, cause));
    return outcome;
  }

  private receiveProbe(said: string): void {
    const { token, place, lostThrough, previousNumber, previousNonce } = readProbe(said);
    const probe = this.probes.take(token);
    if (!probe) return;
    const { channels, doubted, isFirst } = probe.about;
    const nowMs = this.parts.serverClock.now();
    const hasGoneOn = this.position.learn(place, lostThrough);
    if (isFirst) {
      this.goOnFrom(place, channels);
    } else if (doubted && this.channels.hasMissed(doubted, previousNumber, previousNonce, nowMs)) {
      this.owner.broken(this, doubted);
      this.heardPlace(place, [...channels, doubted]);
    } else {
      this.heardPlace(place, channels);
    }
    if (hasGoneOn) this.owner.lostEnd(this);
    probe.resolve();
  }

  private heardPlace(place: LogPlace, channels: readonly FollowedChannel[]): void {
    if (!this.position.goesOnTo(place)) this.goOver(place);
    this.position.moveTo(place);
    this.channels.followFrom(place, channels);
    if (channels.length > 0) this.news.tell();
  }

  private goOver(place: LogPlace): void {
    this.follows = false;
    this.owner.interrupted(this);
    this.goOnFrom(place, this.channels.followed());
  }

  private goOnFrom(place: LogPlace, channels: readonly FollowedChannel[]): void {
    this.position.moveTo(place);
    this.channels.followFrom(place, channels);
    this.follows = true;
    this.owner.recovered(this);
    this.news.tell();
    // Those that were attended while the line came back.
    for (const channel of this.channels.unconfirmed()) void this.subscribe(channel);
  }
}
