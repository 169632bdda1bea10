import type { Redis } from 'ioredis';
import { isRefusal } from './redis-failures.js';
import type { LineCarrier } from './subscriber-line.js';

/** What a connection tells of. */
export interface SubscriberEvents {
  onReady(): void;
  /** It was ready, and is no longer. */
  onLost(): void;
  onMessage(channel: string, message: Buffer): void;
  /** A slot is elsewhere, by the word of the server. */
  onMoved?(): void;
}

/** Pub/sub of a server, or that of a slot in a Cluster. */
export type SubscriberKind = 'plain' | 'sharded';

/** A connection that listens, and is cut as soon as it does not answer. Whoever makes it opens and closes it. */
export class SubscriberConnection implements LineCarrier {
  private isUp = false;
  /** It was cut and is about to end. */
  private isCut = false;
  private isPinging = false;
  /** Hints that a slot has moved, less those that came as the answer to a subscription. */
  private unexplainedMoves = 0;

  constructor(
    private readonly redis: Redis,
    private readonly events: SubscriberEvents,
    private readonly kind: SubscriberKind = 'plain',
  ) {
    const message = kind === 'plain' ? 'messageBuffer' : 'smessageBuffer';
    redis.on(message, (channel: Buffer, bytes: Buffer) => events.onMessage(channel.toString(), bytes));
    redis.on('moved', () => this.noteMove());
    redis.on('ready', () => {
      this.isUp = true;
      this.isCut = false;
      events.onReady();
    });
    redis.on('close', () => {
      if (!this.isUp) return;
      this.isUp = false;
      events.onLost();
    });
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    try {
      await (this.kind === 'plain' ? this.redis.subscribe(...channels) : this.redis.ssubscribe(...channels));
    } catch (cause) {
      if (String(cause).includes('MOVED ')) this.unexplainedMoves = Math.max(0, this.unexplainedMoves - 1);
      // What was confirmed and what was not cannot be told any more.
      else if (!isRefusal(cause)) this.renew();
      throw cause;
    }
  }

  unsubscribe(channels: readonly string[]): void {
    const done = this.kind === 'plain' ? this.redis.unsubscribe(...channels) : this.redis.sunsubscribe(...channels);
    // What still comes is not listened to.
    done.catch(() => {});
  }

  renew(): void {
    // What waits on it fails one by one, each time for the same reason.
    if (this.isCut || this.redis.status !== 'ready') return;
    this.isCut = true;
    this.redis.disconnect(true);
  }

  /** Something has to come over a line now and then to tell a quiet one from one that is half open. */
  ping(): void {
    if (this.isPinging || this.redis.status !== 'ready') return;
    this.isPinging = true;
    this.redis
      .ping()
      .catch(() => this.renew())
      .finally(() => (this.isPinging = false));
  }

  /** The driver hints at it for a subscription that was refused, and for channels that the server has ended. */
  private noteMove(): void {
    if (++this.unexplainedMoves > 1) return;
    // By then a subscription that was refused has heard of it.
    setImmediate(() => {
      const hasLostChannels = this.unexplainedMoves > 0;
      this.unexplainedMoves = 0;
      if (hasLostChannels) this.renew();
      this.events.onMoved?.();
    });
  }
}
