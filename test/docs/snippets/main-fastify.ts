import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, new FastifyAdapter({ bodyLimit: 8 * 1024 * 1024 }));
await app.listen(process.env.PORT ?? 3000, '0.0.0.0');
