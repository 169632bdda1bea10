import { Module } from '@nestjs/common';
import { PushEvent, PushModule } from 'nestjs-push';

@PushEvent('price.tick', { slowReader: 'coalesce', maxWaitingMs: 10_000 })
export class PriceTick {
  symbol!: string;
  price!: number;
}

@Module({
  imports: [
    PushModule.forRoot({
      auth: { jwt: { secret: process.env.PUSH_JWT_SECRET ?? '', algorithms: ['HS256'] } },
      events: [PriceTick, { name: 'log.line', slowReader: 'dropOldest', maxWaitingBytes: 65_536 }],
    }),
  ],
})
export class PricesModule {}
