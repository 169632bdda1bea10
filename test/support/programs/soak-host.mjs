/**
 * A host that is soaked, from the built package: all transports, handlers, REST, tenants by the claim `tenant`, on the
 * platform that `PLATFORM` names, in memory or on the Redis of `NODE_REDIS_URL`. `GET /measures` on its second port
 * says what it holds, after a garbage collection; `GET /rss` only its resident memory, without stopping it. Ends at
 * SIGTERM as a host does.
 *
 * `SOAK_PLANT` names leaks to be planted, which a soak has to find: `map` keeps every connection, `timer` a timer for each,
 * `handle` a socket.
 *
 * It runs what was built last; whoever starts it builds first.
 */
import { createServer as createTcpServer } from 'node:net';
import { OnPush } from 'nestjs-push';
import { redis } from 'nestjs-push/redis';
import { ConnectionRegistry } from '../../../dist/core/connection-registry.js';
import { failureLogger } from './failure-logger.mjs';
import { takeCensus } from './heap-census.mjs';
import { countHandles, decorate, startRoomsHost } from './rooms-host.mjs';

const { NODE_REDIS_URL: redisUrl, SOAK_PLANT: plant = '' } = process.env;

/** Hears of everything, as a host does that keeps an audit. */
class Audit {
  heard = 0;

  hear() {
    this.heard++;
  }
}
for (const name of ['connected', 'disconnected', 'sent', 'refused']) decorate(Audit, 'hear', OnPush(name));

if (plant) plantLeaks(plant.split(','));
await startRoomsHost({
  auth: { tenantClaim: 'tenant' },
  push: { origins: ['https://shop.example'], ...(redisUrl && { backing: redis({ url: redisUrl }) }) },
  providers: [Audit],
  logger: failureLogger((text) => console.error(text)),
  bodyLimitBytes: 2 ** 21,
  answerControl: (url) => (url === '/measures' ? takeMeasures() : process.memoryUsage.rss()),
});

function takeMeasures() {
  globalThis.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rssBytes: rss, heapBytes: heapUsed, externalBytes: external, handles: countHandles(), ...takeCensus() };
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
