/**
 * Several Socket.IO servers in one process that share a Redis by the Redis streams adapter, each with connections of its own
 * to Redis and a port of its own, as in the adapter's documentation. A user and a group are a room each.
 */
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { setTimeout as sleep } from 'node:timers/promises';
import { atPace, measured, serve } from './worker.mjs';

let nodes = [];

serve({ open, send, rest, close });

async function open({ url, count }) {
  for (let number = 0; number < count; number++) nodes.push(await openNode(url));
  return nodes.map(({ port }) => port);
}

async function openNode(url) {
  const client = new Redis(url);
  const server = createServer();
  const io = new Server(server, {
    path: '/ws',
    transports: ['websocket'],
    serveClient: false,
    perMessageDeflate: false,
    adapter: createAdapter(client),
  });
  io.on('connection', (socket) => {
    const { user, group } = socket.handshake.query;
    void socket.join([user, group]);
  });
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { io, client, port: server.address().port };
}

async function close() {
  await Promise.all(nodes.map(({ io }) => io.close()));
  for (const { client } of nodes) client.disconnect();
  nodes = [];
}

/** What a packet is for; the adapter's own method is called, for `emit` does not say when Redis has taken it. */
const ROOMS = {
  user: (number) => new Set([`n${number}`]),
  group: (number) => new Set([`g${number >> 1}`]),
  all: () => new Set(),
};

function send({ mix, perSecond, seconds, event, data }) {
  const kinds = Object.entries(mix).flatMap(([kind, share]) => Array.from({ length: share }, () => kind));
  return measured(() =>
    atPace({ perSecond, seconds }, (index) => {
      const { adapter } = nodes[index % nodes.length].io.of('/');
      const rooms = ROOMS[kinds[(index * 37) % kinds.length]]((index * 7919 + 1) % nodes.length);
      return adapter.broadcast({ type: 2, data: [event, data], nsp: '/' }, { rooms, except: new Set(), flags: {} });
    }),
  );
}

function rest({ seconds }) {
  return measured(() => sleep(seconds * 1000));
}
