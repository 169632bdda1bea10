import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { PushReceipt } from 'nestjs-push';
import { RequireScope } from '../auth/scope.guard.js';
import { type Order, parseOrderId } from './order.js';
import { OrdersService } from './orders.service.js';
import { OrderParamsDto, SetOrderStatusDto } from './set-order-status.dto.js';

const RECENT_ORDERS = 50;

/** Where the warehouse and the carrier tell the shop what happened. */
@ApiTags('orders')
@Controller('orders')
export class OrdersController {
  constructor(@Inject(OrdersService) private readonly orders: OrdersService) {}

  @Get()
  @RequireScope('push:send')
  @ApiOperation({ summary: 'The orders that changed last' })
  @ApiOkResponse({ description: '`{ items: [{ orderId, userId, item?, status, updatedAt }] }`, latest first.' })
  async list(): Promise<{ items: Order[] }> {
    return { items: await this.orders.recent(RECENT_ORDERS) };
  }

  @Post(':orderId/status')
  @HttpCode(202)
  @RequireScope('push:send')
  @ApiOperation({ summary: "Set an order's status; its user gets `order.status`" })
  @ApiAcceptedResponse({ description: 'The receipt of the push, also when nobody is online.' })
  setStatus(@Param() { orderId }: OrderParamsDto, @Body() body: SetOrderStatusDto): Promise<PushReceipt> {
    return this.orders.setStatus({ orderId: parseOrderId(orderId), userId: body.userId, status: body.status });
  }
}
