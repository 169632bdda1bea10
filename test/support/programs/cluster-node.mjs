/**
 * One node of a cluster as its users run it, from the built package: a Nest application on a free port of `NODE_HOST`
 * that shares the Redis of `NODE_REDIS_JSON` (options of `redis()`) with the others. `GET /health` says how its backing
 * fares. Ends at SIGTERM as a host does; SIGUSR2 keeps its event loop busy for `NODE_STALL_MS`, as a host does that
 * computes too much at once. Started with `--expose-gc`, `GET /memory` says what it holds.
 *
 * It runs what was built last. Whoever starts it builds first: several nodes start at once.
 */
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PushAuthorizer, PushHealth, PushModule } from 'nestjs-push';
import { redis } from 'nestjs-push/redis';

const { NODE_REDIS_JSON: place, NODE_HOST: host = '127.0.0.1' } = process.env;
const { NODE_STALL_MS: stallMs = '3000', NODE_OPTIONS_JSON: options = '{}' } = process.env;
const secret = 'a-test-secret-of-32-bytes-length';

/** Everyone may join the groups named `room:*`. */
class RoomsAuthorizer extends PushAuthorizer {
  canJoin(_principal, group) {
    return Promise.resolve(group.startsWith('room:'));
  }
}

class AppModule {}
const push = {
  auth: { jwt: { secret, algorithms: ['HS256'] } },
  authorizer: RoomsAuthorizer,
  ...JSON.parse(options),
  ...(place !== undefined && { backing: redis(JSON.parse(place)) }),
};
Module({ imports: [PushModule.forRoot(push)] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['warn', 'error', 'fatal'] });
const health = app.get(PushHealth);
app.getHttpAdapter().get('/health', (_request, response) => response.json(health.backingState));
/** What a balancer asks: should new connections come here? */
let isReady = true;
app.getHttpAdapter().get('/health/ready', (_request, response) => response.status(isReady ? 200 : 503).end());
app.getHttpAdapter().get('/memory', (_request, response) => response.json({ heldBytes: heldBytes() }));
// A crowd that comes at once waits in the backlog; past it the kernel drops connections before anyone can answer them.
await app.listen(0, host, Number(process.env.NODE_BACKLOG ?? 4_096));
process.once('SIGTERM', () => {
  isReady = false;
  void app.close();
});
process.on('SIGUSR2', stall);
console.log(`listening on ${app.getHttpServer().address().port}`);

/** What is left when all garbage is gone, with buffers outside of the heap. */
function heldBytes() {
  // The second time takes what the first has finalized.
  for (let time = 0; time < 2; time++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function stall() {
  const until = performance.now() + Number(stallMs);
  while (performance.now() < until);
}
