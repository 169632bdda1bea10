import { Inject, Injectable } from '@nestjs/common';
import { type PushReceipt, PushService } from 'nestjs-push';
import { OrderBook } from './order-book.js';
import { orderStatus } from './order.events.js';
import type { Order } from './order.js';

/** The order service: whatever happens to an order, its user hears of it on every device. */
@Injectable()
export class OrdersService {
  constructor(
    @Inject(OrderBook) private readonly book: OrderBook,
    @Inject(PushService) private readonly push: PushService,
  ) {}

  async place(userId: string, item: string): Promise<Order> {
    const order = await this.book.record({ orderId: await this.book.takeId(), userId, item, status: 'placed' });
    await this.announce(order);
    return order;
  }

  async setStatus(change: Pick<Order, 'orderId' | 'userId' | 'status'>): Promise<PushReceipt> {
    return this.announce(await this.book.record(change));
  }

  recent(limit: number, userId?: string): Promise<Order[]> {
    return this.book.recent(limit, userId);
  }

  private announce({ userId, orderId, status }: Order): Promise<PushReceipt> {
    return this.push.toUser(userId, orderStatus, { orderId, status });
  }
}
