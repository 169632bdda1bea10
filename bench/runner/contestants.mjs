/**
 * The servers of the benchmark, and how the load generator speaks to each. A server is a file in `peers/`, or what `launch`
 * starts. One that `relaysBodies` sends on what was posted, byte for byte.
 */
import { startNchan } from './nginx-process.mjs';

const PING = '{"event":"push:ping","ref":"b"}';
const PONG = 'push:pong';
const plainDoors = { broadcast: '/broadcast', user: '/users/u%u', drive: '/drive', collect: '/collect' };
const plain = { subscribePath: '/ws', doors: plainDoors, pingText: PING, pongText: PONG };

/** Ours is published to through its REST interface, the token verified and all. */
const ours = {
  ...plain,
  title: 'this module, Fastify',
  file: 'ours.mjs',
  subscribePath: '/push/ws',
  readyText: 'push:welcome',
  doors: {
    ...plainDoors,
    broadcast: '/push/broadcast',
    user: '/push/users/u%u',
    batch: '/push/batch',
  },
};

const nestSse = {
  title: 'Nest `@Sse()`, Fastify',
  file: 'nest-sse.mjs',
  transport: 'sse',
  subscribePath: '/sse',
  doors: plainDoors,
};

export const contestants = {
  ours,
  oursExpress: { ...ours, title: 'this module, Express', settings: { platform: 'express' } },
  oursWindow: { ...ours, title: 'this module, flushWindowMs 5', settings: { push: { flushWindowMs: 5 } } },
  oursDirect: {
    ...ours,
    title: 'this module, published in the process',
    doors: { ...ours.doors, broadcast: '/broadcast' },
  },
  oursConsole: { ...ours, title: 'with a console', settings: { push: { console: {} } } },
  oursWatched: { ...ours, title: 'with a console that is looked at', settings: { push: { console: {} } } },
  oursSse: { ...ours, title: 'this module over SSE', transport: 'sse', subscribePath: '/push/sse' },
  oursPoll: { ...ours, title: 'this module, long poll', transport: 'poll', subscribePath: '/push/poll' },
  nestSse,
  nestSseExpress: { ...nestSse, title: 'Nest `@Sse()`, Express', settings: { platform: 'express' } },
  nchan: {
    title: 'nchan (nginx, one worker)',
    launch: startNchan,
    transport: 'sse',
    subscribePath: '/sse',
    doors: { broadcast: '/broadcast' },
    relaysBodies: true,
  },
  ws: { ...plain, title: 'bare `ws`', file: 'bare-ws.mjs' },
  wsVerified: { ...plain, title: 'bare `ws` with the token verified', file: 'bare-ws.mjs', settings: { verify: true } },
  nodeFloor: { ...plain, title: 'Node floor: `socket.write` of one frame', file: 'node-floor.mjs' },
  nest: { ...plain, title: 'Nest `ws` gateway', file: 'nest-gateway.mjs' },
  socketIo: {
    ...plain,
    title: 'Socket.IO',
    file: 'socket-io.mjs',
    subscribePath: '/ws/?EIO=4&transport=websocket',
    engineIo: true,
    pingText: '42["push:ping"]',
  },
  uws: { ...plain, title: 'uWebSockets.js', file: 'uws.mjs' },
  emptyFastify: { title: 'empty Nest route, Fastify', file: 'nest-empty-route.mjs', doors: { user: '/users/u%u' } },
  emptyExpress: {
    title: 'empty Nest route, Express',
    file: 'nest-empty-route.mjs',
    settings: { platform: 'express' },
    doors: { user: '/users/u%u' },
  },
};
