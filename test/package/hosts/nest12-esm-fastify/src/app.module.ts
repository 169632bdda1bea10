import { Module } from '@nestjs/common';
import { PushModule } from 'nestjs-push';
import { EchoGateway } from './echo.gateway.js';
import { OrdersController } from './orders.controller.js';

@Module({
  imports: [
    PushModule.forRootAsync({
      useFactory: async () => ({
        auth: { jwt: { secret: process.env['PUSH_JWT_SECRET'] ?? '', algorithms: ['HS256'] } },
        origins: ['https://shop.example'],
      }),
    }),
  ],
  controllers: [OrdersController],
  providers: [EchoGateway],
})
export class AppModule {}
