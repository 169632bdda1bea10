import { Injectable } from '@nestjs/common';
import { type ClientTarget, type Principal, PushAuthorizer } from 'nestjs-push';

const ROOM = /^room:./;

/**
 * Rooms are open to every user. Every other group is the server's business: a client gets into one by its token, which may
 * be asked for once more, or by the server, and nobody writes there or to another user past the shop.
 */
@Injectable()
export class RoomAuthorizer extends PushAuthorizer {
  override canJoin({ groups }: Principal, group: string): boolean {
    return ROOM.test(group) || groups.includes(group);
  }

  override canSend(_principal: Principal, { group }: ClientTarget): boolean {
    return group !== undefined && ROOM.test(group);
  }
}
