import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { PushWsAdapter } from 'nestjs-push';
import { AppModule } from './app.module.js';

const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
  logger: ['error', 'warn'],
});
app.enableShutdownHooks();
app.useWebSocketAdapter(new PushWsAdapter(app));
await app.listen(0, '127.0.0.1');
console.log(`listening on ${await app.getUrl()}`);
