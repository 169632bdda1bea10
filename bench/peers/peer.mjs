/**
 * What every peer of the benchmark has in common: how it is started, which doors it opens for the load generator, and
 * the text that it sends.
 *
 *   POST /broadcast   { event, data }           to everyone; answered when the server's own send calls have returned
 *   POST /users/:id   { event, data }           to the connections of one user
 *   POST /drive       { count, perTurn, users } `count` messages to `users` users in turn from inside the process,
 *                                               `perTurn` in each turn of the event loop
 *   POST /collect                               a forced garbage collection
 *   POST /memory                                the same, answered with what the process holds (Nest applications only)
 *
 * Settings come in `BENCH_PEER` as JSON. A peer prints one line of JSON, `{ "port": … }`, when it is ready.
 */
import { createServer } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Set by the runner: `frameBytes` (length of a message's text on the wire), `addressesUsers` (whether connections are kept
 * by user), `secret` and `verify` (tokens), `platform`, `push` (options of this module).
 */
export const settings = JSON.parse(process.env.BENCH_PEER ?? '{}');

const FILLER_MEMBER = ',"filler":""'.length;

/**
 * Fills a message up to the length of our envelope, so that every server puts the same bytes on the wire.
 * `overhead` is what the server's own framing adds to the JSON text.
 */
export function messageFiller(overhead = 0) {
  let filler;
  return (message) => {
    if (!settings.frameBytes) return message;
    filler ??= 'x'.repeat(Math.max(0, settings.frameBytes - overhead - FILLER_MEMBER - JSON.stringify(message).length));
    return { ...message, filler };
  };
}

export const PONG = '{"event":"push:pong","ref":"b"}';

/** True for the bystander's question, a Buffer; peers know no other client frame. */
export const isPing = (frame) => frame.includes('"push:ping"');

/**
 * The user that a bearer token was made for, unchecked: a peer that checks tokens says so in its name. `undefined` in rows
 * that address nobody, so that a handshake there costs a peer nothing but itself.
 */
export function userOfBearer(header) {
  if (!settings.addressesUsers) return undefined;
  return JSON.parse(Buffer.from(header.split('.')[1], 'base64url').toString()).sub;
}

/**
 * Sends `count` messages from inside, a few per turn, so that no HTTP request is in the measured cost. Every server has the
 * same turns: one that answers its sends later in the turn is not made to wait for another one.
 */
export async function drive(send, { count, perTurn, users }) {
  for (let sent = 0; sent < count;) {
    const inThisTurn = [];
    for (let i = 0; i < perTurn && sent < count; i++, sent++) {
      inThisTurn.push(send(`u${String(sent % users).padStart(5, '0')}`));
    }
    await Promise.all([...inThisTurn, nextTurn()]);
  }
}

export function collect() {
  globalThis.gc();
  globalThis.gc();
}

/** A plain `node:http` server with the doors above. */
export function startHttpServer(hub) {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => void answer(hub, request.url, text, response));
  });
  server.keepAliveTimeout = 0;
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => announce(server.address().port));
  return server;
}

async function answer(hub, url, text, response) {
  try {
    await open(hub, url, text);
    response.writeHead(202, { 'content-type': 'application/json', 'content-length': 2 }).end('{}');
  } catch (error) {
    console.error(error);
    response.writeHead(500, { 'content-length': 0 }).end();
  }
}

async function open(hub, url, text) {
  if (url === '/collect') return collect();
  const body = JSON.parse(text);
  if (url === '/broadcast') return hub.broadcast(body);
  if (url === '/drive') return drive(hub.driven(body), body);
  return hub.toUser(url.slice('/users/'.length), body);
}

export function announce(port) {
  process.stdout.write(`${JSON.stringify({ port })}\n`);
}

process.on('SIGTERM', () => process.exit(0));
