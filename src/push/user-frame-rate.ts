import type { RateBuckets, TokenVerdict } from '../backing/shared-limits.interface.js';
import { accountOf } from '../core/principal.js';
import type { Principal } from '../core/principal.js';

/** How many frames a user may send, by all connections on all nodes together. */
export interface UserFrameOptions {
  /**
   * Frames a second that all connections of a user may send together, on all nodes, as many at once after a quiet
   * second. 0: no limit.
   * @default 0
   */
  readonly maxUserFramesPerSecond?: number;
}

/** Holds the frames of users against their rate. */
export class UserFrameRate {
  constructor(
    private readonly rates: RateBuckets,
    private readonly options: Required<UserFrameOptions>,
  ) {}

  /** Takes one frame of the user into account; undefined where there is no limit. */
  take(principal: Principal): TokenVerdict | Promise<TokenVerdict> | undefined {
    const { maxUserFramesPerSecond } = this.options;
    if (maxUserFramesPerSecond === 0) return undefined;
    return this.rates.take(`frames:${accountOf(principal)}`, maxUserFramesPerSecond);
  }
}
