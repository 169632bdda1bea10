import { Body, Controller, Get, HttpCode, Inject, Param, Post, UseFilters } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBadRequestResponse,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { PushReceipt } from 'nestjs-push';
import { RequireScope } from '../auth/scope.guard.js';
import { HttpErrorDto } from '../http-error.dto.js';
import { TakesJson } from '../json-body.guard.js';
import { PROBLEM_CONTENT, ProblemFilter } from '../problem.filter.js';
import { OrderListDto } from './order.dto.js';
import { parseOrderId } from './order.js';
import { OrdersService } from './orders.service.js';
import { OrderParamsDto, SetOrderStatusDto } from './set-order-status.dto.js';

const RECENT_ORDERS = 50;

/** Where the warehouse and the carrier tell the shop what happened. */
@ApiTags('orders')
@ApiServiceUnavailableResponse({
  content: PROBLEM_CONTENT,
  description: 'The token cannot be checked, or the orders not reached, or nothing sent.',
  headers: { 'Retry-After': { description: 'Seconds', schema: { type: 'integer', minimum: 1 } } },
})
@UseFilters(ProblemFilter)
@Controller('orders')
export class OrdersController {
  constructor(@Inject(OrdersService) private readonly orders: OrdersService) {}

  @Get()
  @RequireScope('push:send')
  @ApiOperation({ summary: 'The orders that changed last' })
  @ApiOkResponse({ type: OrderListDto, description: 'Latest change first.' })
  async list(): Promise<OrderListDto> {
    return { items: await this.orders.recent(RECENT_ORDERS) };
  }

  @Post(':orderId/status')
  @HttpCode(202)
  // Guards are asked from below: who is not let in hears nothing of types.
  @TakesJson()
  @RequireScope('push:send')
  @ApiOperation({ summary: "Set an order's status; its user gets `order.status`" })
  @ApiAcceptedResponse({
    // The push API describes it in the same document.
    schema: { $ref: getSchemaPath('PushReceiptModel') },
    description: 'The receipt of the push, also when nobody is online.',
  })
  @ApiBadRequestResponse({ type: HttpErrorDto, description: 'The path or the body does not fit.' })
  setStatus(@Param() { orderId }: OrderParamsDto, @Body() body: SetOrderStatusDto): Promise<PushReceipt> {
    return this.orders.setStatus({ orderId: parseOrderId(orderId), userId: body.userId, status: body.status });
  }
}
