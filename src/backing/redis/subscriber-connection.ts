import type { Redis } from 'ioredis';
import { isRefusal } from './redis-failures.js';
import type { LineCarrier } from './subscriber-line.js';

/** What a connection tells of. */
export interface SubscriberEvents {
  onReady(): void;
  /** It was ready, and is no longer. */
  onLost(): void;
  onMessage(channel: string, message: string): void;
}

/** A connection that listens, and is cut as soon as it does not answer. Whoever makes it opens and closes it. */
export class SubscriberConnection implements LineCarrier {
  private isUp = false;
  private isPinging = false;

  constructor(
    private readonly redis: Redis,
    events: SubscriberEvents,
  ) {
    redis.on('message', (channel: string, message: string) => events.onMessage(channel, message));
    redis.on('ready', () => {
      this.isUp = true;
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
      await this.redis.subscribe(...channels);
    } catch (cause) {
      // What was confirmed and what was not cannot be told any more.
      if (!isRefusal(cause)) this.renew();
      throw cause;
    }
  }

  unsubscribe(channels: readonly string[]): void {
    // What still comes is not listened to.
    this.redis.unsubscribe(...channels).catch(() => {});
  }

  renew(): void {
    if (this.redis.status === 'ready') this.redis.disconnect(true);
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
}
