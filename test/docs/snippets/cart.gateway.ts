import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { PushGateway, PushUser } from 'nestjs-push';

@PushGateway()
export class CartGateway {
  @SubscribeMessage('cart.add')
  add(@MessageBody() { item }: { item: string }, @PushUser('userId') userId: string) {
    return { item, inCartOf: userId };
  }
}
