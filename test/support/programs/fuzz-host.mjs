/**
 * A host to be attacked, from the built package, on the platform that `PLATFORM` names. Sends user `bystander` a tick
 * every 25 ms. `GET /state` on its second port says how it fares, after a garbage collection. Nothing in it may end up
 * unhandled: what does is in the state. Ends at SIGTERM as a host does.
 *
 * It runs what was built last; `npm test` builds first.
 */
import { createServer } from 'node:http';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SubscribeMessage } from '@nestjs/websockets';
import { PushAuthorizer, PushGateway, PushModule, PushService, PushWsAdapter } from 'nestjs-push';

const TICK_MS = 25;
const faults = [];
process.on('uncaughtException', (error) => faults.push(`uncaught: ${error?.stack ?? error}`));
process.on('unhandledRejection', (reason) => faults.push(`unhandled: ${reason?.stack ?? reason}`));

/** Everyone may join and write to groups named `room:*`. */
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
SubscribeMessage('echo')(EchoGateway.prototype, 'echo', Object.getOwnPropertyDescriptor(EchoGateway.prototype, 'echo'));
PushGateway()(EchoGateway);

class AppModule {}
Module({
  imports: [
    PushModule.forRoot({
      auth: {
        jwt: { secret: 'a-test-secret-of-32-bytes-length', algorithms: ['HS256'] },
        cookie: 'push_token',
        accessTokenQuery: true,
      },
      authorizer: RoomsAuthorizer,
      origins: ['https://shop.example', 'https://*.shop.example'],
      drainMs: 1000,
      // As much as comes while a busy machine keeps the bystander from polling.
      historyCount: 10_000,
      // Nor is it to be turned away because the machine has no time for this process.
      maxEventLoopDelayMs: 0,
      ...JSON.parse(process.env.PUSH_OPTIONS ?? '{}'),
    }),
  ],
  providers: [EchoGateway],
})(AppModule);

/**
 * What the module logs as an error is a failure of its own, whatever it answered. Fastify and Nest themselves log a client
 * that breaks off within the body of a request for a path that nobody owns.
 */
const logger = { log() {}, warn() {}, error: recordLogged, fatal: recordLogged };

function recordLogged(...parts) {
  const text = parts.join(' ');
  if (!/^Error: aborted\s+ExceptionsHandler$/.test(text)) faults.push(`logged: ${text}`);
}

const fastify = process.env.PLATFORM === 'fastify' ? [new FastifyAdapter()] : [];
const app = await NestFactory.create(AppModule, ...fastify, { logger });
app.useWebSocketAdapter(new PushWsAdapter(app));
await app.listen(0, '127.0.0.1');
const push = app.get(PushService);

let ticks = 0;
const ticking = setInterval(() => void push.toUser('bystander', 'tick', ++ticks), TICK_MS);

const control = createServer((_request, response) => void answerState(response));
await new Promise((resolve) => control.listen(0, '127.0.0.1', resolve));
process.once('SIGTERM', () => {
  clearInterval(ticking);
  control.close();
  control.closeAllConnections();
  void app.close();
});
console.log(`listening on ${app.getHttpServer().address().port} and ${control.address().port}`);

async function answerState(response) {
  globalThis.gc();
  const { connections } = await push.stats();
  const resources = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  const { heapUsed, external } = process.memoryUsage();
  response.setHeader('Connection', 'close');
  response.end(JSON.stringify({ ticks, connections, resources, usedBytes: heapUsed + external, faults }));
}
