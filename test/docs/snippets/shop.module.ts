import { Module } from '@nestjs/common';
import { PushModule } from 'nestjs-push';
import { CartGateway } from './cart.gateway.js';
import { RoomAuthorizer } from './room.authorizer.js';

@Module({
  imports: [
    PushModule.forRootAsync({
      useFactory: () => ({ auth: { jwt: { secret: process.env.PUSH_JWT_SECRET ?? '', algorithms: ['HS256'] } } }),
      authorizer: RoomAuthorizer,
    }),
  ],
  providers: [CartGateway],
})
export class ShopModule {}
