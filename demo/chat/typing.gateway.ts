import { Inject, UsePipes } from '@nestjs/common';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Matches } from 'class-validator';
import { PushEvent, PushGateway, PushService, PushUser } from 'nestjs-push';
import { bodyValidation } from '../body-validation.js';
import { RoomTyping } from './room.events.js';

/** Where someone is writing. */
@PushEvent('chat.typing', { direction: 'in', description: 'Tells the room that its sender is writing.' })
export class TypingDto {
  @Matches(/^room:[A-Za-z0-9._:@-]{1,123}$/, { message: 'room must be a room: group' })
  readonly room!: string;
}

/** Tells a room that one of its members is writing. The messages themselves go by `push:send`, without the shop's help. */
@PushGateway()
@UsePipes(bodyValidation)
export class TypingGateway {
  constructor(@Inject(PushService) private readonly push: PushService) {}

  @SubscribeMessage('chat.typing')
  async typing(@MessageBody() { room }: TypingDto, @PushUser('userId') userId: string): Promise<{ told: boolean }> {
    const here = await this.push.connections({ user: userId, group: room }, { limit: 1 });
    if (here.items.length === 0) return { told: false };
    await this.push.send({
      target: { groups: [room], except: { users: [userId] } },
      event: RoomTyping,
      data: { room, user: userId },
      store: 'none',
    });
    return { told: true };
  }
}
