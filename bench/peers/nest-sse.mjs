/**
 * Nest's own `@Sse()` on either platform: one controller whose route returns a `Subject`, as Nest's documentation shows
 * it. Decorators are called by hand, for this file is run as it is.
 */
import 'reflect-metadata';
import { Controller, Module, Sse } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Subject } from 'rxjs';
import { announce, messageFiller, settings } from './peer.mjs';
import { openDoors } from './nest-doors.mjs';

const fill = messageFiller();

class StreamController {
  events = new Subject();

  stream() {
    return this.events;
  }

  broadcast({ event, data }) {
    this.events.next({ data: fill({ event, data }) });
  }
}
Sse('sse')(StreamController.prototype, 'stream', Object.getOwnPropertyDescriptor(StreamController.prototype, 'stream'));
Controller()(StreamController);

class AppModule {}
Module({ controllers: [StreamController] })(AppModule);

const adapter = settings.platform === 'express' ? new ExpressAdapter() : new FastifyAdapter();
const app = await NestFactory.create(AppModule, adapter, { logger: ['error'] });
const controller = app.get(StreamController);
openDoors(app, { broadcast: (message) => controller.broadcast(message) });
await app.listen(0, '127.0.0.1');
announce(app.getHttpServer().address().port);
