/**
 * A host with a push gateway and a Socket.IO gateway as its users run it, from the built package (Jest cannot `require`
 * ES modules, which the adapter does): prints `listening on <port>`, or why it does not start. With WITHOUT_SOCKET_IO
 * set `@nestjs/platform-socket.io` cannot be found; with WITHOUT_ADAPTER set main.ts lacks its line; with PUSH_ONLY set
 * there is no Socket.IO gateway.
 */
import 'reflect-metadata';
import Module, { register } from 'node:module';
import { Module as NestModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { build } from '../../../scripts/build.mjs';

await build();
const { PushGateway, PushModule, PushWsAdapter } = await import('nestjs-push');

const { WITHOUT_SOCKET_IO, WITHOUT_ADAPTER, PUSH_ONLY } = process.env;
const secret = 'a-test-secret-of-32-bytes-length';

if (WITHOUT_SOCKET_IO) {
  const message = 'Cannot find package @nestjs/platform-socket.io';
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (request, ...rest) {
    if (request === '@nestjs/platform-socket.io') throw new Error(message);
    return resolve.call(this, request, ...rest);
  };
  const hooks = `export function resolve(specifier, context, next) {
    if (specifier === '@nestjs/platform-socket.io') throw new Error('${message}');
    return next(specifier, context);
  }`;
  register(`data:text/javascript,${encodeURIComponent(hooks)}`);
}

class OwnGateway {
  own(data) {
    return { own: data };
  }
}
answer(OwnGateway, 'own', 'own');
PushGateway()(OwnGateway);

class IoGateway {
  hello(data) {
    return { event: 'hello.back', data };
  }
}
answer(IoGateway, 'hello', 'hello');
WebSocketGateway()(IoGateway);

/** What the decorators of a method with `@MessageBody()` do. */
function answer(gateway, method, event) {
  const descriptor = Object.getOwnPropertyDescriptor(gateway.prototype, method);
  MessageBody()(gateway.prototype, method, 0);
  SubscribeMessage(event)(gateway.prototype, method, descriptor);
}

class AppModule {}
NestModule({
  imports: [PushModule.forRoot({ auth: { jwt: { secret, algorithms: ['HS256'] } } })],
  providers: PUSH_ONLY ? [OwnGateway] : [OwnGateway, IoGateway],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error', 'fatal'] });
if (!WITHOUT_ADAPTER) app.useWebSocketAdapter(new PushWsAdapter(app));
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
console.log(`listening on ${app.getHttpServer().address().port}`);
