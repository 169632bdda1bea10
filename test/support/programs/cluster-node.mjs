/**
 * One node of a cluster as its users run it, from the built package: a Nest application on a free port that shares the
 * Redis of `NODE_REDIS_URL` with the others. Ends at SIGTERM as a host does; SIGUSR2 keeps its event loop busy for
 * `NODE_STALL_MS`, as a host does that computes too much at once.
 *
 * It runs what was built last. Whoever starts it builds first: several nodes start at once.
 */
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PushAuthorizer, PushModule } from 'nestjs-push';
import { redis } from 'nestjs-push/redis';

const { NODE_REDIS_URL: url, NODE_STALL_MS: stallMs = '3000', NODE_OPTIONS_JSON: options = '{}' } = process.env;
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
  ...(url !== undefined && { backing: redis({ url }) }),
};
Module({ imports: [PushModule.forRoot(push)] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['warn', 'error', 'fatal'] });
await app.listen(0, '127.0.0.1');
process.once('SIGTERM', () => void app.close());
process.on('SIGUSR2', stall);
console.log(`listening on ${app.getHttpServer().address().port}`);

function stall() {
  const until = performance.now() + Number(stallMs);
  while (performance.now() < until);
}
