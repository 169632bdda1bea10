import { ApiProperty } from '@nestjs/swagger';
import type { Order, OrderId } from './order.js';

/** An order, as it is shown. */
export class OrderDto implements Order {
  @ApiProperty({
    oneOf: [{ type: 'integer' }, { type: 'string', minLength: 1, maxLength: 64 }],
    description: 'A number as the shop gives them out, or the name that another system has for the order.',
    example: 1001,
  })
  readonly orderId!: OrderId;

  @ApiProperty({ example: '7', minLength: 1, maxLength: 255 })
  readonly userId!: string;

  @ApiProperty({ example: 'Monstera', required: false, description: 'Absent where the order was made elsewhere.' })
  readonly item?: string;

  @ApiProperty({ example: 'shipped', minLength: 1, maxLength: 64 })
  readonly status!: string;

  @ApiProperty({ example: '2026-01-01T00:00:00.000Z', format: 'date-time' })
  readonly updatedAt!: string;
}

/** Several orders. */
export class OrderListDto {
  @ApiProperty({ type: [OrderDto] })
  readonly items!: readonly OrderDto[];
}
