import { Injectable } from '@nestjs/common';
import { PushAuthorizer } from 'nestjs-push';
import type { ClientTarget, Principal } from 'nestjs-push';

@Injectable()
export class RoomAuthorizer extends PushAuthorizer {
  override canJoin(_principal: Principal, group: string): boolean {
    return group.startsWith('room:');
  }

  override canSend(_principal: Principal, target: ClientTarget): boolean {
    return target.group?.startsWith('room:') ?? false;
  }
}
