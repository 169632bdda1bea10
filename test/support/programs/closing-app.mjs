/**
 * A host as its users run it, from the built package: closes its application at SIGTERM and then has nothing left to
 * do. It never calls process.exit, so that a timer or a socket which someone forgot keeps it here.
 */
import { build } from '../../../scripts/build.mjs';

await build();
const { Module } = await import('@nestjs/common');
const { NestFactory } = await import('@nestjs/core');
const { FastifyAdapter } = await import('@nestjs/platform-fastify');
const { PushModule, PushService } = await import('nestjs-push');

class AppModule {}
const secret = 'a-test-secret-of-32-bytes-length';
Module({ imports: [PushModule.forRoot({ auth: { jwt: { secret, algorithms: ['HS256'] } } })] })(AppModule);

const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: ['error'] });
await app.listen(0, '127.0.0.1');
process.once('SIGTERM', () => void end());
console.log(`listening on ${app.getHttpServer().address().port}`);

async function end() {
  await app.get(PushService).broadcast('last.words');
  await app.close();
  console.log('closed');
}
