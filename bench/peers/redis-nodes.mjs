/**
 * Several nodes in one process, each a whole Nest application with `PushModule`, connections of its own to Redis and a
 * port of its own: what they do for one another goes through Redis as if they were on as many machines.
 */
import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { PushHealth, PushModule, PushService } from 'nestjs-push';
import { redis } from 'nestjs-push/redis';
import { atPace, measured, serve, until } from './worker.mjs';

let nodes = [];

serve({ open, send, rest, close });

/** Answers on which ports they listen. */
async function open({ url, secret, count, options = {} }) {
  for (let number = 0; number < count; number++) nodes.push(await openNode({ url, secret, options }));
  await until(() => nodes.every(({ health }) => health.backingState.status === 'up'));
  return nodes.map(({ port }) => port);
}

async function openNode({ url, secret, options }) {
  class AppModule {}
  const auth = { jwt: { secret, algorithms: ['HS256'] } };
  Module({ imports: [PushModule.forRoot({ auth, drainMs: 0, backing: redis({ url, ...options }) })] })(AppModule);
  const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address();
  return { app, port, push: app.get(PushService), health: app.get(PushHealth) };
}

async function close() {
  await Promise.all(nodes.map(({ app }) => app.close()));
  nodes = [];
}

const SENDS = {
  user: (push, { event, data }, number) => push.toUser(`n${number}`, event, data),
  group: (push, { event, data }, number) => push.toGroup(`g${number >> 1}`, event, data),
  all: (push, { event, data }) => push.broadcast(event, data),
};

/**
 * Sends at a pace, each node in its turn. `mix` says how many of a hundred are of which kind. Answers what it cost this
 * process.
 */
function send({ mix, perSecond, seconds, ...message }) {
  const kinds = Object.entries(mix).flatMap(([kind, share]) => Array.from({ length: share }, () => kind));
  return measured(() =>
    atPace({ perSecond, seconds }, (index) => {
      const { push } = nodes[index % nodes.length];
      // A step that has no factor in common with either, so that each kind meets each node.
      const kind = kinds[(index * 37) % kinds.length];
      return SENDS[kind](push, message, (index * 7919 + 1) % nodes.length);
    }),
  );
}

/** What it costs to be there. */
function rest({ seconds }) {
  return measured(() => sleep(seconds * 1000));
}
