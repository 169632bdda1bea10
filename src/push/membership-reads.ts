import type { Memberships, UserMemberships } from '../backing/memberships.interface.js';
import { isLater } from '../core/now-or-later.js';
import type { NowOrLater } from '../core/now-or-later.js';
import { PushError } from '../core/push-error.js';

/** Reads what the server holds of users, and notes whether that is answered at all. */
export class MembershipReads {
  private wasSilent = false;

  constructor(private readonly memberships: Pick<Memberships, 'ofUser'>) {}

  /** Whether the last read had no answer: the next one would be waited for as long. */
  get isSilent(): boolean {
    return this.wasSilent;
  }

  /** Rejects like the memberships themselves. */
  ofUser(userId: string): NowOrLater<UserMemberships> {
    const read = this.memberships.ofUser(userId);
    return isLater(read) ? this.noting(read) : read;
  }

  private async noting(read: PromiseLike<UserMemberships>): Promise<UserMemberships> {
    try {
      const answer = await read;
      this.wasSilent = false;
      return answer;
    } catch (cause) {
      this.wasSilent = isSilence(cause);
      throw cause;
    }
  }
}

/** Whether the backing did not answer, as while it is away. */
export function isSilence(cause: unknown): boolean {
  return cause instanceof PushError && cause.code === 'PUSH_ERR_UNAVAILABLE' && !cause.isRefusal;
}
