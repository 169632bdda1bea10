import { Module } from '@nestjs/common';
import { PushModule } from 'nestjs-push';
import { redis } from 'nestjs-push/redis';

@Module({
  imports: [
    PushModule.forRoot({
      auth: { jwt: { secret: process.env.PUSH_JWT_SECRET ?? '', algorithms: ['HS256'] } },
      origins: ['https://shop.example'],
      backing: redis({
        url: process.env.PUSH_REDIS_URL ?? 'redis://localhost:6379',
        secret: process.env.PUSH_NODE_SECRET,
      }),
    }),
  ],
})
export class ClusterModule {}
