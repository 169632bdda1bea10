import type { Order } from './order.js';
import { FIRST_ORDER_ID, MAX_ORDERS, OrderBook, type OrderChange, orderKeyOf } from './order-book.js';

/** Of one process, and gone with it. */
export class MemoryOrderBook extends OrderBook {
  /** By user and id, in the order of their last change. */
  private readonly orders = new Map<string, Order>();
  private nextId = FIRST_ORDER_ID;

  async takeId(): Promise<number> {
    return this.nextId++;
  }

  async record(change: OrderChange): Promise<Order> {
    const key = orderKeyOf(change.userId, change.orderId);
    const order: Order = { ...this.orders.get(key), ...change, updatedAt: new Date().toISOString() };
    this.orders.delete(key);
    this.orders.set(key, order);
    if (this.orders.size > MAX_ORDERS) this.forgetQuietest();
    return order;
  }

  async recent(limit: number, userId?: string): Promise<Order[]> {
    const found = [...this.orders.values()].filter((order) => userId === undefined || order.userId === userId);
    return found.slice(-limit).toReversed();
  }

  private forgetQuietest(): void {
    const [quietest] = this.orders.keys();
    if (quietest !== undefined) this.orders.delete(quietest);
  }
}
