import { Injectable } from '@nestjs/common';
import type { Order, OrderId } from './order.js';

const MAX_ORDERS = 5000;
const FIRST_ORDER_ID = 1001;

/** The shop's orders, in memory. Past its limit it forgets the one that was quiet for longest. */
@Injectable()
export class OrderBook {
  /** By user and id, in the order of their last change. */
  private readonly orders = new Map<string, Order>();
  private nextId = FIRST_ORDER_ID;

  takeId(): number {
    return this.nextId++;
  }

  /** Notes the status, of an order that need not be known, and answers with the order as it is then. */
  record(change: Pick<Order, 'orderId' | 'userId' | 'status'> & Partial<Pick<Order, 'item'>>): Order {
    const key = keyOf(change.userId, change.orderId);
    const order: Order = { ...this.orders.get(key), ...change, updatedAt: new Date().toISOString() };
    this.orders.delete(key);
    this.orders.set(key, order);
    if (this.orders.size > MAX_ORDERS) this.forgetQuietest();
    return order;
  }

  /** Latest change first. */
  recent(limit: number, userId?: string): Order[] {
    const found = [...this.orders.values()].filter((order) => userId === undefined || order.userId === userId);
    return found.slice(-limit).toReversed();
  }

  private forgetQuietest(): void {
    const [quietest] = this.orders.keys();
    if (quietest !== undefined) this.orders.delete(quietest);
  }
}

function keyOf(userId: string, orderId: OrderId): string {
  return JSON.stringify([userId, orderId]);
}
