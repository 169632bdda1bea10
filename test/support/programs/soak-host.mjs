/**
 * A host that is soaked, from the built package: all transports, handlers, REST, tenants by the claim `tenant`, on the
 * platform that `PLATFORM` names, in memory or on the Redis of `NODE_REDIS_URL`. `GET /measures` on its second port says what
 * it holds, after a garbage collection; `GET /rss` only its resident memory, without stopping it. Ends at SIGTERM as a host does.
 *
 * `SOAK_PLANT` names leaks to be planted, which a soak has to find: `map` keeps every connection, `timer` a timer for each,
 * `handle` a socket.
 *
 * It runs what was built last; whoever starts it builds first.
 */
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SubscribeMessage } from '@nestjs/websockets';
import { OnPush, PushAuthorizer, PushGateway, PushModule, PushWsAdapter } from 'nestjs-push';
import { redis } from 'nestjs-push/redis';
import { ConnectionRegistry } from '../../../dist/core/connection-registry.js';
import { takeCensus } from './heap-census.mjs';

const {
  PLATFORM: platform,
  NODE_REDIS_URL: redisUrl,
  PUSH_OPTIONS: options = '{}',
  SOAK_PLANT: plant = '',
} = process.env;

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
decorate(EchoGateway, 'echo', SubscribeMessage('echo'));
PushGateway()(EchoGateway);

/** Hears of everything, as a host does that keeps an audit. */
class Audit {
  heard = 0;

  hear() {
    this.heard++;
  }
}
for (const name of ['connected', 'disconnected', 'sent', 'refused']) decorate(Audit, 'hear', OnPush(name));

function decorate({ prototype }, method, decorator) {
  decorator(prototype, method, Object.getOwnPropertyDescriptor(prototype, method));
}

class AppModule {}
Module({
  imports: [
    PushModule.forRoot({
      auth: {
        jwt: { secret: 'a-test-secret-of-32-bytes-length', algorithms: ['HS256'] },
        tenantClaim: 'tenant',
        cookie: 'push_token',
      },
      authorizer: RoomsAuthorizer,
      origins: ['https://shop.example'],
      ...(redisUrl && { backing: redis({ url: redisUrl }) }),
      ...JSON.parse(options),
    }),
  ],
  providers: [EchoGateway, Audit],
})(AppModule);

if (plant) plantLeaks(plant.split(','));
const adapter = platform === 'fastify' ? [new FastifyAdapter()] : [];
const app = await NestFactory.create(AppModule, ...adapter, { logger: ['error', 'fatal'] });
app.useWebSocketAdapter(new PushWsAdapter(app));
if (platform !== 'fastify') app.useBodyParser('json', { limit: 2 ** 21 });
await app.listen(0, '127.0.0.1');

const control = createServer(({ url }, response) => {
  response.setHeader('Connection', 'close');
  response.end(JSON.stringify(url === '/measures' ? takeMeasures() : process.memoryUsage.rss()));
});
await new Promise((resolve) => control.listen(0, '127.0.0.1', resolve));
process.once('SIGTERM', () => {
  control.close();
  void app.close();
});
console.log(`listening on ${app.getHttpServer().address().port} and ${control.address().port}`);

function takeMeasures() {
  globalThis.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  const handles = {};
  for (const name of process.getActiveResourcesInfo()) handles[name] = (handles[name] ?? 0) + 1;
  return { rssBytes: rss, heapBytes: heapUsed, externalBytes: external, handles, ...takeCensus() };
}

function plantLeaks(kinds) {
  const { add } = ConnectionRegistry.prototype;
  ConnectionRegistry.prototype.add = function (connection, ...rest) {
    if (kinds.includes('map')) (this.pipes.planted ??= new Map()).set(connection.id, connection);
    if (kinds.includes('timer')) setInterval(function planted() {}, 60_000).unref();
    if (kinds.includes('handle')) createTcpServer().listen(0, '127.0.0.1').unref();
    return add.call(this, connection, ...rest);
  };
}
