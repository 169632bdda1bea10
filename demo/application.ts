import type { Server } from 'node:http';
import { BadRequestException, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { PushWsAdapter } from 'nestjs-push';
import { bodyValidation } from './body-validation.js';
import { DemoModule } from './demo.module.js';
import type { DemoEnvironment } from './environment.js';
import { serveApiDocs } from './operations/api-docs.js';
import { answerUnreadablePath } from './unreadable-path.js';

/** A batch of a thousand messages is the largest body that the push API takes; the platforms stop at 100 KB and 1 MiB. */
const BODY_LIMIT_BYTES = 8 * 1024 * 1024;

const MALFORMED_JSON = 'the body is not valid JSON';

/** As long as the checks of a handshake may take. */
const HEAD_TIMEOUT_MS = 5_000;
/** A request is read to its end by then, whoever sends it: the largest body at a tenth of a megabyte a second. */
const REQUEST_TIMEOUT_MS = 80_000;

/**
 * The router counts a path parameter as it stands in the URL, where a user id of 255 characters may take nine each.
 * While it closes, Fastify would answer 503 by itself, at which an EventSource stops for good; the module knows better.
 */
const FASTIFY_OPTIONS = {
  bodyLimit: BODY_LIMIT_BYTES,
  routerOptions: { maxParamLength: 255 * 9 },
  return503OnClosing: false,
  frameworkErrors: answerUnreadablePath,
};

/** Puts the shop together, on the platform that was asked for, not yet listening. */
export async function createApplication(environment: DemoEnvironment): Promise<INestApplication> {
  const app = environment.platform === 'express' ? await onExpress(environment) : await onFastify(environment);
  app.useWebSocketAdapter(new PushWsAdapter(app));
  app.useGlobalPipes(bodyValidation);
  serveApiDocs(app, environment);
  hurryRequests(app.getHttpServer() as Server);
  return app;
}

/**
 * A request is not the module's before its head is there, nor on REST before its body is. Node waits a minute for the one
 * and five for the other, Fastify for ever; whoever sends a byte now and then would hold a socket for so long. To be set
 * before the server listens.
 */
function hurryRequests(server: Server): void {
  const timeouts = { headersTimeout: HEAD_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS };
  Object.assign(server, { ...timeouts, connectionsCheckingInterval: 1_000 });
}

/**
 * Start-up errors reach main.ts as they are; Nest's account of every route would drown the line that says where. Bodies are
 * JSON: forms, for which Nest has parsers too, are what any site can have a visitor send.
 */
const NEST_OPTIONS = {
  abortOnError: false,
  bodyParser: false,
  logger: ['fatal' as const, 'error' as const, 'warn' as const],
};

async function onExpress(environment: DemoEnvironment): Promise<INestApplication> {
  const { tls } = environment;
  const app = await NestFactory.create<NestExpressApplication>(DemoModule.register(environment), {
    ...NEST_OPTIONS,
    ...(tls && { httpsOptions: tls }),
  });
  app.disable('x-powered-by');
  app.useBodyParser('json', { limit: BODY_LIMIT_BYTES });
  app.use(tellMalformedJson);
  return app;
}

/** Says of a body that is no JSON what it is on Fastify too; the parser tells at which character it lost its way. */
function tellMalformedJson(
  error: unknown,
  _request: unknown,
  _response: unknown,
  next: (error: unknown) => void,
): void {
  if (error instanceof SyntaxError) error.message = MALFORMED_JSON;
  next(error);
}

async function onFastify(environment: DemoEnvironment): Promise<INestApplication> {
  const { tls } = environment;
  const adapter = new FastifyAdapter(tls ? { ...FASTIFY_OPTIONS, https: tls } : FASTIFY_OPTIONS);
  const app = await NestFactory.create<NestFastifyApplication>(DemoModule.register(environment), adapter, NEST_OPTIONS);
  // Some clients send the header on every request; a body that is not there is none, as on Express.
  app.useBodyParser('application/json', { bodyLimit: BODY_LIMIT_BYTES }, (_request, body: Buffer, done) => {
    try {
      done(null, body.length === 0 ? undefined : JSON.parse(body.toString()));
    } catch {
      // With the code that Fastify's own parser gives it, by which the push API knows it.
      const malformed = new BadRequestException(MALFORMED_JSON);
      done(Object.assign(malformed, { code: 'FST_ERR_CTP_INVALID_JSON_BODY' }), undefined);
    }
  });
  // A body of another type is left unread, as on Express: the routes refuse it, in the form of their own.
  adapter.getInstance().addContentTypeParser('*', (_request, _body, done) => done(null));
  return app;
}
