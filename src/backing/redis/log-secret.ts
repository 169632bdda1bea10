import { randomBytes } from 'node:crypto';
import type { RedisCommands } from './redis-connections.js';
import { FrameSeal } from './sealed-frame.js';

/**
 * What the frames of the log are signed with: the `secret` of the options, or else one that is kept in Redis, which
 * keeps out what comes from other databases and older data, not whoever may read there.
 */
export class LogSecret {
  private held: FrameSeal | undefined;
  private text: string;
  private readonly isGiven: boolean;

  constructor(
    private readonly key: string,
    given: string | Uint8Array | undefined,
  ) {
    this.isGiven = given !== undefined;
    this.text = randomBytes(32).toString('base64url');
    if (given !== undefined) this.held = new FrameSeal(typeof given === 'string' ? given : Buffer.from(given));
  }

  /** Undefined until it is known. */
  get seal(): FrameSeal | undefined {
    return this.held;
  }

  /** Learns the one in Redis; where there is none, or no longer, it is the one that this node knows. */
  async learn(redis: RedisCommands): Promise<void> {
    if (this.isGiven) return;
    // Looked for first: a Redis that is full refuses to set what is there.
    const kept = (await redis.get(this.key)) ?? (await this.offer(redis));
    if (kept === null || (kept === this.text && this.held)) return;
    this.text = kept;
    this.held = new FrameSeal(kept);
  }

  private async offer(redis: RedisCommands): Promise<string | null> {
    await redis.setnx(this.key, this.text);
    return redis.get(this.key);
  }
}
