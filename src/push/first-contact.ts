import type { AudienceFilter, Delivery, LogFollower, LoggedMessage } from '../backing/message-log.interface.js';
import type { Clock } from '../core/clock.js';
import type { MatchCount, Target } from '../core/delivery-target.js';
import type { Cursor } from '../protocol/cursor.js';

/** A log that is not followed by then is out of reach, and connections are held for it as for any that is. */
const LONGEST_MS = 2_000;

/** Passes on what a log says, and notes when it is followed for the first time. */
export class FirstContact implements LogFollower {
  /** Resolves when the log is followed, or it takes too long. */
  readonly made: Promise<void>;
  private hasEnded = false;
  private end = (): void => {};

  constructor(
    private readonly follower: LogFollower,
    clock: Pick<Clock, 'after'>,
  ) {
    this.made = new Promise((resolve) => {
      const cancel = clock.after(LONGEST_MS, () => this.end());
      this.end = () => {
        this.hasEnded = true;
        cancel();
        resolve();
      };
    });
  }

  /** Whether there is nothing to wait for any more. */
  get isMade(): boolean {
    return this.hasEnded;
  }

  deliver(message: LoggedMessage, target: Target): Delivery {
    return this.follower.deliver(message, target);
  }

  reaches(target: Target): boolean {
    return this.follower.reaches(target);
  }

  match(target: Target): MatchCount {
    return this.follower.match(target);
  }

  interrupted(place: Cursor, concerns: AudienceFilter): void {
    this.follower.interrupted(place, concerns);
  }

  recovered(): void {
    this.follower.recovered();
    this.end();
  }

  missed(place: Cursor, concerns: AudienceFilter): void {
    this.follower.missed(place, concerns);
  }
}
