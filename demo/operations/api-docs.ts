import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { pushAsyncApi, pushOpenApi } from 'nestjs-push';
import type { DemoEnvironment } from '../environment.js';

const TITLE = 'Larkspur';
const VERSION = '1';
const ASYNC_API_PATH = '/asyncapi.json';

/** What is done with a request; the types of the platforms differ. */
type Reply = (request: unknown, response: unknown) => unknown;

/**
 * `/docs` is the page for REST, `/docs-json` its document, `/asyncapi.json` the one for connections. They are made at the
 * first request, so a start does not wait for them.
 */
export function serveApiDocs(app: INestApplication, environment: DemoEnvironment): void {
  const door = environment.allowsSignIn ? '`POST /auth/token` signs a token to try things with.' : 'Sign-in is off.';
  const events = `What goes over the connections is described in [AsyncAPI](${ASYNC_API_PATH}).`;
  const config = new DocumentBuilder()
    .setTitle(TITLE)
    .setDescription(`A plant shop that pushes over nestjs-push. ${door} ${events}`)
    .setVersion(VERSION)
    .addBearerAuth()
    .build();
  SwaggerModule.setup('docs', app, () => pushOpenApi(app, SwaggerModule.createDocument(app, config)), {
    customSiteTitle: 'Larkspur API',
    swaggerOptions: { persistAuthorization: true },
  });
  serveAsyncApi(app);
}

function serveAsyncApi(app: INestApplication): void {
  const platform = app.getHttpAdapter();
  let document: Promise<object> | undefined;
  const reply: Reply = async (_request, response) => {
    document ??= app.getUrl().then((url) => pushAsyncApi(app, { title: TITLE, version: VERSION, url }));
    platform.setHeader(response, 'Content-Type', 'application/json; charset=utf-8');
    return platform.reply(response, await document, 200);
  };
  platform.get(ASYNC_API_PATH, reply);
}
