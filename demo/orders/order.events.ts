import { definePushEvent } from 'nestjs-push';
import { z } from 'zod';

/** What a customer hears of an order, on every device. */
export const orderStatus = definePushEvent({
  name: 'order.status',
  description: 'An order of the user has come further.',
  schema: z.object({
    orderId: z.union([z.int(), z.string().min(1).max(64)]),
    status: z.string().min(1).max(64),
  }),
});
