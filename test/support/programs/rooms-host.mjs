/**
 * What hosts of the built package that are attacked or soaked have in common: tokens of the tests and a cookie are let in,
 * everyone may join and write to groups named `room:*`, `echo` is echoed, and a second port answers how the process fares.
 */
import { createServer } from 'node:http';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SubscribeMessage } from '@nestjs/websockets';
import { PushAuthorizer, PushGateway, PushModule, PushWsAdapter } from 'nestjs-push';

class RoomsAuthorizer extends PushAuthorizer {
  canJoin(_principal, group) {
    return group.startsWith('room:');
  }

  canSend(_principal, { group }) {
    return group?.startsWith('room:') ?? false;
  }
}

class EchoGateway {
  echo(_connection, data) {
    return data;
  }
}
decorate(EchoGateway, 'echo', SubscribeMessage('echo'));
PushGateway()(EchoGateway);

/** As `@decorator` before a method. */
export function decorate({ prototype }, method, decorator) {
  decorator(prototype, method, Object.getOwnPropertyDescriptor(prototype, method));
}

/**
 * Starts one on the platform that `PLATFORM` names, with options of the module from the caller and, over those, from
 * `PUSH_OPTIONS`. `answerControl` gets the address of a request to the second port and says what it is answered.
 * `bodyLimitBytes`: what Express takes. Prints both ports. At SIGTERM the host ends as one does; `onEnd` is called
 * before.
 */
export async function startRoomsHost({
  auth,
  push,
  providers = [],
  logger,
  bodyLimitBytes,
  answerControl,
  onEnd = () => {},
}) {
  const options = {
    auth: { jwt: { secret: 'a-test-secret-of-32-bytes-length', algorithms: ['HS256'] }, cookie: 'push_token', ...auth },
    authorizer: RoomsAuthorizer,
    ...push,
    ...JSON.parse(process.env.PUSH_OPTIONS ?? '{}'),
  };
  class AppModule {}
  Module({ imports: [PushModule.forRoot(options)], providers: [EchoGateway, ...providers] })(AppModule);

  const isFastify = process.env.PLATFORM === 'fastify';
  const app = await NestFactory.create(AppModule, ...(isFastify ? [new FastifyAdapter()] : []), { logger });
  app.useWebSocketAdapter(new PushWsAdapter(app));
  if (!isFastify && bodyLimitBytes) app.useBodyParser('json', { limit: bodyLimitBytes });
  await app.listen(0, '127.0.0.1');

  const answer = async (url, response) => {
    const value = await answerControl(url, app);
    response.setHeader('Connection', 'close');
    response.end(JSON.stringify(value));
  };
  const control = createServer(({ url }, response) => void answer(url, response));
  await new Promise((resolve) => control.listen(0, '127.0.0.1', resolve));
  process.once('SIGTERM', () => {
    onEnd();
    control.close();
    control.closeAllConnections();
    void app.close();
  });
  console.log(`listening on ${app.getHttpServer().address().port} and ${control.address().port}`);
  return app;
}

/** What keeps the event loop alive, by kind. */
export function countHandles() {
  const handles = {};
  for (const name of process.getActiveResourcesInfo()) handles[name] = (handles[name] ?? 0) + 1;
  return handles;
}
