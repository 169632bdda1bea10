/**
 * A host as it is deployed, from the built package, on the platform that `PLATFORM` names. `GET /health/ready` answers what
 * the module says of itself. At SIGTERM it closes its application; one of its modules takes its time with that, and until
 * `POST /release` on the second port no connection ends. `POST /say` there sends user 7 a message. It never calls
 * process.exit, so that a timer or a socket which someone forgot keeps it here.
 *
 * It runs what was built last; whoever starts it builds first.
 */
import { createServer } from 'node:http';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { PushHealth, PushModule, PushService } from 'nestjs-push';

let release;
const released = new Promise((resolve) => (release = resolve));

/** A module of the host that has something to finish before connections end. */
class Orders {
  async onModuleDestroy() {
    await released;
  }
}

class AppModule {}
const push = {
  auth: { jwt: { secret: 'a-test-secret-of-32-bytes-length', algorithms: ['HS256'] } },
  ...JSON.parse(process.env.PUSH_OPTIONS ?? '{}'),
};
Module({ imports: [PushModule.forRoot(push)], providers: [Orders] })(AppModule);

const adapter = process.env.PLATFORM === 'fastify' ? [new FastifyAdapter()] : [];
const app = await NestFactory.create(AppModule, ...adapter, { logger: ['error', 'fatal'] });
const health = app.get(PushHealth);
app.getHttpAdapter().get('/health/ready', (_request, response) => {
  const status = health.readiness.status === 'draining' ? 503 : 200;
  (response.raw ?? response).writeHead(status, { connection: 'close' }).end();
});
await app.listen(0, '127.0.0.1');

const control = createServer((request, response) => void answer(request.url, response));
await new Promise((resolve) => control.listen(0, '127.0.0.1', resolve));
process.once('SIGTERM', () => void end());
console.log(`listening on ${app.getHttpServer().address().port} and ${control.address().port}`);

async function answer(url, response) {
  if (url === '/say') await app.get(PushService).toUser('7', 'said');
  response.setHeader('Connection', 'close');
  response.end();
  if (url === '/release') release();
}

async function end() {
  await app.close();
  console.log('closed');
  control.close();
}
