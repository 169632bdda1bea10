import { Module } from '@nestjs/common';
import { PushModule } from 'nestjs-push';
import { OrdersService } from './orders.service.js';

@Module({
  imports: [
    PushModule.forRoot({
      auth: { jwt: { secret: process.env.PUSH_JWT_SECRET ?? '', algorithms: ['HS256'] } },
      origins: ['https://shop.example'],
    }),
  ],
  providers: [OrdersService],
})
export class AppModule {}
