import { PushAuthorizer } from '../../src/auth/push-authorizer.js';
import type { ClientTarget } from '../../src/auth/push-authorizer.js';
import type { Principal } from '../../src/core/principal.js';

/**
 * Everyone may join and write to groups named `room:*`, and leave them, but for `room:locked`; members only to `members:*`, and anyone to the user `friend`;
 * `room:broken` cannot be judged. Answers later than it is asked, as one that looks something up.
 */
export class RoomsAuthorizer extends PushAuthorizer {
  override async canJoin(_principal: Principal, group: string): Promise<boolean> {
    await Promise.resolve();
    if (group === 'room:broken') throw new Error('the list of rooms is away');
    return group.startsWith('room:');
  }

  override async canLeave(_principal: Principal, group: string): Promise<boolean> {
    await Promise.resolve();
    return group !== 'room:locked';
  }

  override async canSend({ groups }: Principal, target: ClientTarget, event: string): Promise<boolean> {
    await Promise.resolve();
    if (event === 'forbidden') return false;
    if (target.group === undefined) return target.user === 'friend';
    return target.group.startsWith('room:') || groups.includes(target.group);
  }
}
