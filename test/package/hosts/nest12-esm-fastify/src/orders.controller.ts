import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { PushService } from 'nestjs-push';
import type { PushReceipt } from 'nestjs-push';

@Controller('orders')
export class OrdersController {
  constructor(private readonly push: PushService) {}

  @Post(':orderId/ship')
  @HttpCode(200)
  async ship(@Param('orderId') orderId: string, @Body() body: { userId: string }): Promise<PushReceipt> {
    return this.push.toUser(body.userId, 'order.status', { orderId, status: 'shipped' });
  }
}
