/**
 * A plain Nest gateway on `@nestjs/platform-ws` that loops over its clients, as most Nest applications do, on the Fastify
 * platform. Decorators are called by hand, for this file is run as it is.
 */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { announce, messageFiller, userOfBearer } from './peer.mjs';
import { openDoors } from './nest-doors.mjs';

const fill = messageFiller();

class PlainGateway {
  users = new Map();

  handleConnection(client, request) {
    client.user = userOfBearer(request.headers.authorization);
    if (client.user !== undefined) this.users.set(client.user, client);
    client.on('error', () => client.terminate());
  }

  handleDisconnect(client) {
    this.users.delete(client.user);
  }

  ping() {
    return { event: 'push:pong', ref: 'b' };
  }

  broadcast({ event, data }) {
    const message = fill({ event, data });
    for (const client of this.server.clients) client.send(JSON.stringify(message));
  }

  toUser(user, { event, data }) {
    this.users.get(user)?.send(JSON.stringify(fill({ event, data })));
  }
}
WebSocketGateway({ path: '/ws' })(PlainGateway);
WebSocketServer()(PlainGateway.prototype, 'server');
SubscribeMessage('push:ping')(
  PlainGateway.prototype,
  'ping',
  Object.getOwnPropertyDescriptor(PlainGateway.prototype, 'ping'),
);

class AppModule {}
Module({ providers: [PlainGateway] })(AppModule);

const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: ['error'] });
app.useWebSocketAdapter(new WsAdapter(app));
const gateway = app.get(PlainGateway);
openDoors(app, {
  broadcast: (message) => gateway.broadcast(message),
  toUser: (user, message) => gateway.toUser(user, message),
  driven: (message) => (user) => gateway.toUser(user, message),
});
await app.listen(0, '127.0.0.1');
announce(app.getHttpServer().address().port);
