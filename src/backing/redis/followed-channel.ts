import type { Audience } from '../message-log.interface.js';
import type { LogPlace } from './log-place.js';
import { EVERYONE } from './log-routes.js';
import type { LogHeader } from './log-wire.js';

/** How far off the clocks by which a channel was quiet may be. */
const CLOCK_TOLERANCE_MS = 10_000;

/**
 * A channel that a node listens to, and how far it has heard it.
 *
 * Each kept message names the one before it on its channel. So a node that has heard one knows whether the next has passed
 * it by. Before it has heard any, it knows the place of the probe with which it began to listen: nothing newer than that
 * may have come before.
 */
export class FollowedChannel {
  /** The connection of the line on which it is subscribed; 0 for none. */
  subscribedOn = 0;
  /** Whether messages on it are heard from a known place on. */
  isFollowed = false;
  private first = 0;
  private number = 0;
  private nonce: string | undefined;
  private heardAtMs = 0;

  /** @param forgetMs So long after a message the log forgets that the channel had one. */
  constructor(
    readonly name: string,
    /** By which the server knows it. */
    readonly wireName: string,
    private readonly forgetMs: number,
  ) {}

  /** The number of the newest message that was heard on it, or of the place from which on it is followed. */
  get lastNumber(): number {
    return this.number;
  }

  /** Messages up to this number are not heard on it: it was not followed when they came. */
  get firstNumber(): number {
    return this.first;
  }

  /** It is followed from this place on: what came before is behind. */
  followFrom({ number }: LogPlace): void {
    this.isFollowed = true;
    this.first = number;
    this.number = number;
    this.nonce = undefined;
  }

  /** Nothing can be said any more of what comes on it. */
  lose(): void {
    this.isFollowed = false;
    this.subscribedOn = 0;
  }

  /** Whether a message that names this one as the one before it is the next. */
  goesOnFrom(number: number, nonce: string, nowMs: number): boolean {
    if (this.nonce === undefined) return number <= this.number;
    if (number === this.number && nonce === this.nonce) return true;
    // Of a channel that was quiet for long the log has forgotten where it stood.
    return number === 0 && nowMs - this.heardAtMs >= this.forgetMs - CLOCK_TOLERANCE_MS;
  }

  /** A message was heard. */
  heard({ place, isKept }: LogHeader, nowMs: number): void {
    if (!isKept) return;
    this.number = place.number;
    this.nonce = place.nonce;
    this.heardAtMs = nowMs;
  }

  /** Whether what comes on it is for the audience. Of those for many targets nobody knows before they were read. */
  concerns({ userId, groups }: Audience): boolean {
    if (this.name === EVERYONE) return true;
    if (this.name.startsWith('u:')) return userId === this.name.slice(2);
    for (const group of groups) if (group === this.name.slice(2)) return true;
    return false;
  }
}
