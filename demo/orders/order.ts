/** A number as the shop gives them out, or whatever name another system has for an order. */
export type OrderId = number | string;

/** What the shop knows of an order. */
export interface Order {
  readonly orderId: OrderId;
  readonly userId: string;
  /** What was bought; absent where the order was made elsewhere. */
  readonly item?: string;
  readonly status: string;
  /** ISO 8601 in UTC. */
  readonly updatedAt: string;
}

/** The id that a path segment stands for: a number where it is one to the digit, else the text itself. */
export function parseOrderId(segment: string): OrderId {
  const number = Number(segment);
  return Number.isSafeInteger(number) && String(number) === segment ? number : segment;
}
