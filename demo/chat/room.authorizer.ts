import { Injectable } from '@nestjs/common';
import { type ClientTarget, type Principal, PushAuthorizer } from 'nestjs-push';

const ROOM = /^room:./;

/**
 * Rooms are open to every user. Every other group is the server's business: a client gets into one by its token or by
 * the server, and nobody writes to another user past the shop.
 */
@Injectable()
export class RoomAuthorizer extends PushAuthorizer {
  override canJoin(_principal: Principal, group: string): boolean {
    return ROOM.test(group);
  }

  override canSend(_principal: Principal, target: ClientTarget): boolean {
    return target.group !== undefined && ROOM.test(target.group);
  }
}
