import { NO_BROADCASTS } from './broadcasts.js';
import type { BroadcastSpan, Broadcasts } from './broadcasts.js';

/** Who takes the messages for everyone when it is looked at, and remembers how far it has got. */
export abstract class BroadcastFollower {
  private broadcasts: Broadcasts = NO_BROADCASTS;
  /** Behind the last message that was taken. */
  private place = NO_BROADCASTS.end;

  /** From now on the messages of these are for it, after it has taken the last of those it followed before. */
  follow(broadcasts: Broadcasts): void {
    this.catchUp();
    this.broadcasts = broadcasts;
    this.place = broadcasts.end;
  }

  /** Takes what is new. */
  catchUp(): void {
    if (!this.isBehind) return;
    const span = this.broadcasts.since(this.place);
    this.place = this.broadcasts.end;
    this.take(span);
  }

  /** Is given what is new, to be done with it when it returns. */
  protected abstract take(span: BroadcastSpan): void;

  /** Bytes of what is new. */
  protected get untakenBytes(): number {
    return this.isBehind ? this.broadcasts.since(this.place).bytes : 0;
  }

  private get isBehind(): boolean {
    return this.place !== this.broadcasts.end;
  }
}
