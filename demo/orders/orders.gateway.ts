import { Inject, UsePipes } from '@nestjs/common';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { IsString, Length } from 'class-validator';
import { PushEvent, PushGateway, PushUser } from 'nestjs-push';
import { bodyValidation } from '../body-validation.js';
import type { Order } from './order.js';
import { OrdersService } from './orders.service.js';

const ORDERS_OF_ONE_USER = 20;

/** What a customer wants to have. */
@PushEvent('order.place', { direction: 'in', description: 'Places an order. Answered with the order.' })
export class PlaceOrderDto {
  @IsString()
  @Length(1, 80)
  readonly item!: string;
}

/** A customer's own orders, over the connection that also brings their news. */
@PushGateway()
@UsePipes(bodyValidation)
export class OrdersGateway {
  constructor(@Inject(OrdersService) private readonly orders: OrdersService) {}

  @SubscribeMessage('orders.list')
  async list(@PushUser('userId') userId: string): Promise<{ items: Order[] }> {
    return { items: await this.orders.recent(ORDERS_OF_ONE_USER, userId) };
  }

  @SubscribeMessage('order.place')
  place(@MessageBody() { item }: PlaceOrderDto, @PushUser('userId') userId: string): Promise<Order> {
    return this.orders.place(userId, item);
  }
}
