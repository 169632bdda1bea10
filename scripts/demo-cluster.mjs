/**
 * `npm run demo:cluster`: the demo as several nodes on one port. Starts a Redis unless `PUSH_REDIS_URL` names one, three
 * nodes, and a front that sends each request to the next of them. `kill 2` on standard input, or
 * `POST /cluster/nodes/2/kill`, ends a node as a crash does; it comes back by itself. `stop 2` lets it say goodbye.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { build } from './build.mjs';
import { createFront } from './cluster/front.mjs';
import { Nodes } from './cluster/nodes.mjs';
import { startRedis } from './cluster/redis.mjs';

const NODE_COUNT = 3;
const SIGNALS = { kill: 'SIGKILL', stop: 'SIGTERM' };

const { HOST: host = '127.0.0.1', PORT: port = '3000', PUSH_REDIS_URL: givenUrl, PUSH_JWT_SECRET } = process.env;

try {
  await run();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function run() {
  await build();
  const redis = givenUrl ? { url: givenUrl, stop: async () => {} } : await startRedis();
  const variables = {
    PUSH_REDIS_URL: redis.url,
    PUSH_JWT_SECRET: PUSH_JWT_SECRET || randomBytes(32).toString('base64url'),
    // The front speaks plain HTTP.
    TLS_KEY: '',
    TLS_CERT: '',
  };
  const nodes = new Nodes(NODE_COUNT, variables, console.log);
  const front = createFront(nodes, (incoming, outgoing) => control(nodes, incoming, outgoing));
  const close = closeOnce(async () => {
    front.close();
    await nodes.stop();
    front.closeAllConnections();
    await redis.stop();
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, close);
  try {
    await nodes.start();
    front.listen(Number(port), host);
    await once(front, 'listening');
  } catch (error) {
    await close();
    throw error;
  }
  console.log(`listening on http://${host}:${front.address().port}`);
  console.log('type "kill 2" to crash node 2, "stop 2" to end it in good order; it comes back by itself');
  obeyStandardInput(nodes);
}

/** Ends everything, once, and then this process has nothing left to do. */
function closeOnce(close) {
  let closing;
  return () => {
    process.stdin.destroy();
    return (closing ??= close());
  };
}

function obeyStandardInput(nodes) {
  createInterface(process.stdin).on('line', (line) => {
    const [command, name] = line.trim().split(/\s+/);
    if (!end(nodes, command, name)) console.log(`"${line.trim()}"? There is "kill" and "stop" with the name of a node`);
  });
}

/** `GET /cluster` says how the nodes fare; the rest of `/cluster` ends one, for who is not a page of another site. */
function control(nodes, { method, url, headers }, outgoing) {
  if (!/^\/cluster(\/|$)/.test(url)) return false;
  const [, name, command] = /^\/cluster\/nodes\/(\w+)\/(\w+)$/.exec(url) ?? [];
  const isForeign = headers.origin !== undefined && headers.origin !== `http://${headers.host}`;
  const status = answerTo();
  outgoing.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  outgoing.end(`${JSON.stringify({ nodes: nodes.states })}\n`);
  return true;

  function answerTo() {
    if (url === '/cluster') return method === 'GET' ? 200 : 405;
    if (isForeign) return 403;
    if (method !== 'POST') return 405;
    return end(nodes, command, name) ? 202 : 404;
  }
}

function end(nodes, command, name) {
  const signal = Object.hasOwn(SIGNALS, command ?? '') ? SIGNALS[command] : undefined;
  const node = nodes.named(name);
  if (!signal || !node) return false;
  node.end(signal);
  return true;
}
