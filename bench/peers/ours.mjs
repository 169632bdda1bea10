/**
 * This module in a Nest application, as a host would use it, on Fastify or Express. Messages are published through its REST
 * interface; the doors of the peers are there beside it, and publish through `PushService` in the process.
 */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { PushModule, PushService } from 'nestjs-push';
import { openDoors } from './nest-doors.mjs';
import { announce, settings } from './peer.mjs';

const BODY_LIMIT_BYTES = 8 * 1024 * 1024;

class AppModule {}
Module({
  imports: [
    PushModule.forRoot({
      auth: { jwt: { secret: settings.secret, algorithms: ['HS256'] } },
      ...settings.push,
    }),
  ],
})(AppModule);

const isExpress = settings.platform === 'express';
const adapter = isExpress ? new ExpressAdapter() : new FastifyAdapter({ bodyLimit: BODY_LIMIT_BYTES });
const app = await NestFactory.create(AppModule, adapter, { logger: ['error', 'warn'] });
if (isExpress) app.useBodyParser('json', { limit: BODY_LIMIT_BYTES });
const push = app.get(PushService);
if (!isExpress) {
  openDoors(app, {
    broadcast: ({ event, data }) => push.broadcast(event, data),
    toUser: (user, { event, data }) => push.toUser(user, event, data),
    driven:
      ({ event, data, toAll }) =>
      (user) =>
        toAll ? push.broadcast(event, data) : push.toUser(user, event, data),
  });
}
await app.listen(0, '127.0.0.1');
announce(app.getHttpServer().address().port);
