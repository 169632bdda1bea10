import { Injectable } from '@nestjs/common';
import { PushService } from 'nestjs-push';

@Injectable()
export class OrdersService {
  constructor(private readonly push: PushService) {}

  async ship(orderId: number, userId: string): Promise<void> {
    await this.push.toUser(userId, 'order.status', { orderId, status: 'shipped' });
  }
}
