import { Injectable, Module } from '@nestjs/common';
import { IsIn, IsInt } from 'class-validator';
import { PushEvent, PushModule, PushService, definePushEvent } from 'nestjs-push';
import { z } from 'zod';

@PushEvent('order.status', { description: 'An order of the user has come further.' })
export class OrderStatus {
  @IsInt()
  orderId!: number;

  @IsIn(['placed', 'shipped', 'delivered'])
  status!: string;
}

export const chatMessage = definePushEvent({
  name: 'chat.message',
  direction: 'both',
  schema: z.object({ text: z.string().max(2_000) }),
});

@Injectable()
export class ShopNews {
  constructor(private readonly push: PushService) {}

  async shipped(userId: string, orderId: number): Promise<void> {
    await this.push.toUser(userId, OrderStatus, { orderId, status: 'shipped' });
    await this.push.toGroup('room:orders', chatMessage, { text: `Order ${orderId} has left.` });
  }
}

@Module({
  imports: [
    PushModule.forRoot({
      auth: { jwt: { secret: process.env.PUSH_JWT_SECRET ?? '', algorithms: ['HS256'] } },
      events: [OrderStatus, chatMessage],
    }),
  ],
  providers: [ShopNews],
})
export class ShopModule {}
