/**
 * A worker process of a host: no HTTP server, no connections, `PushService` over Redis. Beside it in the same process the
 * driver alone, which says the very commands that the module has said: same script, same arguments, same depth.
 */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { PushHealth, PushModule, PushService } from 'nestjs-push';
import { redis } from 'nestjs-push/redis';
import { inFlight, measured, serve, until } from './worker.mjs';

let push;
let bare;
let app;

serve({ open, compare, send, close });

/** `url` is where the driver alone connects to as well; a Cluster is named by `options`. */
async function open({ url, secret, options = {} }) {
  noteScripts();
  class AppModule {}
  const auth = { jwt: { secret, algorithms: ['HS256'] } };
  Module({ imports: [PushModule.forRoot({ auth, backing: redis({ ...(url && { url }), ...options }) })] })(AppModule);
  app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
  push = app.get(PushService);
  await until(() => app.get(PushHealth).backingState.status === 'up');
  if (!url) return;
  bare = new Redis(url);
  await bare.ping();
}

async function close() {
  bare?.disconnect();
  await app.close();
}

const userName = (index) => `u${String(index).padStart(5, '0')}`;

/** Sends of each kind; `many` names a few users of whom none or one is somewhere. */
const SENDS = {
  user: ({ event, data, users }, index) => push.toUser(userName(index % users), event, data),
  group: ({ event, data, groups }, index) => push.toGroup(`g${index % groups}`, event, data),
  all: ({ event, data }) => push.broadcast(event, data),
  many: ({ event, data, users }, index) =>
    push.send({ target: { users: [userName(index % users), 'nobody', 'no one'] }, event, data }),
};

/** Sends, and says what it cost this process. */
function send({ kind, count, depth, ...order }) {
  return measured(() => inFlight(count, depth, (index) => SENDS[kind](order, index)));
}

/** Once with the module between two times with the driver alone. */
async function compare({ kind, count, depth, ...order }) {
  const commands = await record(() => inFlight(count, depth, (index) => SENDS[kind](order, index)));
  const repeat = () => measured(() => inFlight(commands.length, depth, (index) => bare.evalsha(...commands[index])));
  const before = await repeat();
  const ours = await send({ kind, count, depth, ...order });
  const after = await repeat();
  return {
    ours: ours.cpuUs / count,
    bare: (before.cpuUs + after.cpuUs) / 2 / commands.length,
    commandsPerSend: commands.length / count,
  };
}

/** By script, while they are recorded. */
let recorded;

/** Once and for all: a method that is put in and taken out again has the engine compile everything anew each time. */
function noteScripts() {
  const { sendCommand } = Redis.prototype;
  Redis.prototype.sendCommand = function (command, stream) {
    if (recorded !== undefined && command.name === 'evalsha') {
      const [hash] = command.args;
      if (!recorded.has(hash)) recorded.set(hash, []);
      // The driver turns arguments into text when it writes them, so a copy is as it was given.
      recorded.get(hash).push([...command.args]);
    }
    return sendCommand.call(this, command, stream);
  };
}

/** The arguments of the script that was called most while the work was done. */
async function record(work) {
  recorded = new Map();
  await work();
  const [most] = [...recorded.values()].sort((one, other) => other.length - one.length);
  recorded = undefined;
  return most;
}
