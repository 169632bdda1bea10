import { Module } from '@nestjs/common';
import { PushModule } from 'nestjs-push';
import { OrdersController } from './orders.controller';

@Module({
  imports: [
    PushModule.forRoot({
      auth: { jwt: { secret: process.env.PUSH_JWT_SECRET ?? '', algorithms: ['HS256'] } },
      origins: ['https://shop.example'],
    }),
  ],
  controllers: [OrdersController],
})
export class AppModule {}
