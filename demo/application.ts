import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { PushWsAdapter } from 'nestjs-push';
import { bodyValidation } from './body-validation.js';
import { DemoModule } from './demo.module.js';
import type { DemoEnvironment } from './environment.js';
import { serveApiDocs } from './operations/api-docs.js';

/** A batch of a thousand messages is the largest body that the push API takes; the platforms stop at 100 KB and 1 MiB. */
const BODY_LIMIT_BYTES = 8 * 1024 * 1024;

/** Puts the shop together, on the platform that was asked for, not yet listening. */
export async function createApplication(environment: DemoEnvironment): Promise<INestApplication> {
  const app = environment.platform === 'express' ? await onExpress(environment) : await onFastify(environment);
  app.useWebSocketAdapter(new PushWsAdapter(app));
  app.useGlobalPipes(bodyValidation);
  serveApiDocs(app, environment);
  return app;
}

/** Start-up errors reach main.ts as they are; Nest's account of every route would drown the line that says where. */
const NEST_OPTIONS = { abortOnError: false, logger: ['fatal' as const, 'error' as const, 'warn' as const] };

async function onExpress(environment: DemoEnvironment): Promise<INestApplication> {
  const { tls } = environment;
  const app = await NestFactory.create<NestExpressApplication>(DemoModule.register(environment), {
    ...NEST_OPTIONS,
    ...(tls && { httpsOptions: tls }),
  });
  app.disable('x-powered-by');
  app.useBodyParser('json', { limit: BODY_LIMIT_BYTES });
  return app;
}

async function onFastify(environment: DemoEnvironment): Promise<INestApplication> {
  const { tls } = environment;
  const adapter = tls
    ? new FastifyAdapter({ bodyLimit: BODY_LIMIT_BYTES, https: tls })
    : new FastifyAdapter({ bodyLimit: BODY_LIMIT_BYTES });
  return NestFactory.create<NestFastifyApplication>(DemoModule.register(environment), adapter, NEST_OPTIONS);
}
