import type { Order, OrderId } from './order.js';

/** What happened to an order. `item` is there when it is placed. */
export type OrderChange = Pick<Order, 'orderId' | 'userId' | 'status'> & Partial<Pick<Order, 'item'>>;

/** Most orders that are kept; past it the one that was quiet for longest is forgotten. */
export const MAX_ORDERS = 5000;
/** The first number that the shop gives out. */
export const FIRST_ORDER_ID = 1001;

/** The shop's orders. */
export abstract class OrderBook {
  /** A number that no order has. */
  abstract takeId(): Promise<number>;
  /** Notes the status, of an order that need not be known, and answers with the order as it is then. */
  abstract record(change: OrderChange): Promise<Order>;
  /** Latest change first. */
  abstract recent(limit: number, userId?: string): Promise<Order[]>;
}

/** One order of one user: two users may each have one of the same id. */
export function orderKeyOf(userId: string, orderId: OrderId): string {
  return JSON.stringify([userId, orderId]);
}
