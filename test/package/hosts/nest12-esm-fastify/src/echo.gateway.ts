import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { PushGateway, PushUser } from 'nestjs-push';
import type { Principal } from 'nestjs-push';

@PushGateway()
export class EchoGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() text: string, @PushUser() user: Principal): string {
    return `${user.userId} said ${text}`;
  }
}
