/**
 * What clients and callers do to a server in the course of a day, each in a few hundred milliseconds: come by every
 * transport, talk, come back with a cursor, read nothing, break off half-way, are refused, send, change memberships.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TransportName } from '../../src/protocol/frames.js';
import type { SeededRandom } from '../history/seeded-random.js';
import { ask } from '../support/http-request.js';
import { handshake } from '../support/raw-client.js';
import { RestClient } from '../support/rest-client.js';
import { bearer, signToken } from '../support/tokens.js';
import { WsClient } from '../support/ws-client.js';
import { Visitor } from './visitor.js';

/** Where the visits go. */
export interface VisitedPlace {
  readonly ports: readonly [number, ...number[]];
  readonly random: SeededRandom;
}

/** Something that somebody does, and that is over when it resolves. What the server answers is not judged. */
export type Visit = (place: VisitedPlace) => Promise<void>;

const TRANSPORTS = ['ws', 'sse', 'poll'] as const satisfies readonly TransportName[];
const USERS = Array.from({ length: 24 }, (_, number) => `user-${number}`) as [string, ...string[]];
const TENANTS = ['acme', 'bolt', 'cube', 'dune', 'echo', 'flux', 'gale', 'hive'] as const;
const SLOW_USER = 'slow';
/** Long enough for every soak. */
const TOKEN_SECONDS = 30 * 86_400;
const SCOPE = 'push:send push:broadcast push:admin';

/** Most visits are to the first tenant, so that some of the others are idle at times. */
function tenantOf(random: SeededRandom): string {
  return random.chance(0.6) ? TENANTS[0] : random.pick(TENANTS);
}

function tokenOf(sub: string, tenant: string, claims: Readonly<Record<string, unknown>> = {}): string {
  const groups = ['staff', `team-${sub.length}`];
  return signToken({ sub, tenant, groups, ...claims }, { expiresInSeconds: TOKEN_SECONDS });
}

function restOf({ ports, random }: VisitedPlace, tenant = tenantOf(random)): RestClient {
  const claims = { sub: `service-${random.between(1, 3)}`, tenant, scope: SCOPE };
  return RestClient.of({ port: random.pick(ports) }, claims);
}

const comeAndGo: Visit = async ({ ports, random }) => {
  const tenant = tenantOf(random);
  const sub = random.pick(USERS);
  const token = tokenOf(sub, tenant);
  let cursor: string | undefined;
  for (let turn = random.between(1, 3); turn > 0; turn--) {
    const transport = random.pick(TRANSPORTS);
    const groups = random.chance(0.5) ? ['room:1', `room:${random.between(1, 5)}`] : [];
    const visitor = new Visitor(transport, { port: random.pick(ports), token, cursor, groups });
    await Promise.race([visitor.gone, sleep(random.between(0, 200))]);
    if (random.chance(0.7)) await visitor.chat(random, random.between(1, 8));
    if (random.chance(0.2)) visitor.send('push:auth', { token: tokenOf(sub, tenant, { jti: 'fresh' }) });
    if (random.chance(0.05)) visitor.send('push:auth', { token: tokenOf('somebody else', tenant) });
    await visitor.stay(random.between(0, 400));
    ({ cursor } = visitor);
  }
};

const leaveInGoodOrder: Visit = async ({ ports, random }) => {
  const token = tokenOf(random.pick(USERS), tenantOf(random));
  const client = await WsClient.connect(`ws://127.0.0.1:${random.pick(ports)}/push/ws`, { token });
  await sleep(random.between(0, 300));
  await client.close();
};

const readNothing: Visit = async ({ ports, random }) => {
  const token = tokenOf(SLOW_USER, TENANTS[0]);
  const port = random.pick(ports);
  const visitor = new Visitor(random.pick(['ws', 'sse']), { port, token, cursor: undefined, groups: [] });
  await sleep(50);
  visitor.stopReading();
  const rest = restOf({ ports, random }, TENANTS[0]);
  const event = random.pick(['large', 'newest']);
  const message = { target: { users: [SLOW_USER] }, event, data: 'x'.repeat(60_000), store: 'none' };
  const messages = Array.from({ length: 14 }, () => message);
  // More than the kernel takes for a socket, where several read nothing at a time.
  for (let sent = 0; sent < 3; sent++) await rest.post('/push/batch', { messages });
  await visitor.stay(random.between(0, 1_500));
};

const useTicket: Visit = async ({ ports, random }) => {
  const port = random.pick(ports);
  const headers = bearer(tokenOf(random.pick(USERS), tenantOf(random)));
  const answer = await ask(`http://127.0.0.1:${port}/push/ticket`, { method: 'POST', headers });
  if (random.chance(0.3)) return;
  const { ticket } = JSON.parse(answer.text) as { ticket: string };
  const client = await WsClient.connect(`ws://127.0.0.1:${random.pick(ports)}/push/ws?ticket=${ticket}`);
  await sleep(random.between(0, 100));
  await client.close();
};

const areRefused: Visit = async ({ ports, random }) => {
  const transport = random.pick(['ws', 'sse', 'poll', 'handshake', 'upstream']);
  const tenant = tenantOf(random);
  const headers = random.pick([
    {},
    bearer('no token'),
    bearer(signToken({ tenant }, { expiresInSeconds: -60 })),
    bearer(signToken({ sub: 'nobody' })),
    { ...bearer(tokenOf('anna', tenant)), origin: 'https://evil.example' },
  ] as [Record<string, string>, ...Record<string, string>[]]);
  const url = `http://127.0.0.1:${random.pick(ports)}/push/${transport}`;
  if (transport !== 'ws') {
    await ask(url, { headers, onlyHead: true, method: transport === 'upstream' ? 'POST' : 'GET' });
    return;
  }
  await WsClient.connect(url.replace('http', 'ws'), { headers });
};

/** Breaks off somewhere between the first byte and the first message. */
const breakOff: Visit = async ({ ports, random }) => {
  const target = random.pick(['/push/ws', '/push/sse', '/push/poll?wait=20', '/push/ticket', '/push/messages']);
  const method = /ticket|messages/.test(target) ? 'POST' : 'GET';
  const upgrade = target === '/push/ws' ? {} : { Upgrade: undefined, Connection: undefined };
  const authorization = `Bearer ${tokenOf(random.pick(USERS), tenantOf(random), { scope: SCOPE })}`;
  const bytes = handshake({
    method,
    target,
    headers: {
      ...upgrade,
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      Authorization: authorization,
      ...(method === 'POST' && { 'Content-Type': 'application/json', 'Content-Length': '1000' }),
    },
  });
  const socket = connect(random.pick(ports), '127.0.0.1');
  socket.on('error', () => {}).resume();
  const closed = once(socket, 'close').catch(() => {});
  socket.write(random.chance(0.5) ? bytes : bytes.slice(0, random.between(0, bytes.length)));
  await Promise.race([closed, sleep(random.between(0, 150))]);
  if (random.chance(0.5)) socket.resetAndDestroy();
  else socket.destroy();
  await closed;
};

const send: Visit = async (place) => {
  const { random } = place;
  const rest = restOf(place);
  const data = 'x'.repeat(random.between(0, 3_000));
  const user = random.pick(USERS);
  const key = { 'idempotency-key': `key-${random.between(1, 1e9)}` };
  for (let sent = random.between(1, 10); sent > 0; sent--) {
    await rest.post(`/push/users/${user}`, { event: 'note', data, collapseKey: random.pick(['price', 'news']) });
    await rest.post('/push/groups/room:1', { event: 'note', data });
    await rest.post('/push/broadcast', { event: 'note', data, ttlSeconds: 1 }, random.chance(0.3) ? key : undefined);
    if (random.chance(0.2)) await rest.post('/push/broadcast', { event: 'push:forbidden' });
  }
  const target = { users: [user, random.pick(USERS)], groups: ['staff'], except: { groups: ['room:2'] } };
  const batch = [{ target, event: 'note', data }, { target: { connections: ['nobody'] }, event: 'note' }, {}];
  await rest.post('/push/batch', { messages: batch }, { prefer: 'wait=1' });
};

const administer: Visit = async (place) => {
  const { random } = place;
  const rest = restOf(place);
  const user = random.pick(USERS);
  const membership = `/push/groups/room:${random.between(6, 9)}/members/${user}`;
  const expiresAt = new Date(Date.now() + random.between(50, 900)).toISOString();
  await rest.put(membership, random.chance(0.5) ? { expiresAt } : undefined);
  await rest.get(`/push/connections?user=${user}`);
  await rest.post('/push/presence', { users: [user, 'nobody'] });
  await rest.get('/push/stats');
  if (random.chance(0.3)) await rest.post('/push/revocations', { jti: `jti-${random.between(1, 1e9)}` });
  if (random.chance(0.3)) await rest.delete(`/push/users/${user}/connections`);
  await sleep(random.between(0, 300));
  // One that has an end is left to it.
  if (random.chance(0.5)) await rest.delete(membership);
};

/** The visits, the frequent ones several times. */
const VISITS: readonly [Visit, ...Visit[]] = [
  comeAndGo,
  comeAndGo,
  comeAndGo,
  comeAndGo,
  leaveInGoodOrder,
  readNothing,
  useTicket,
  areRefused,
  breakOff,
  send,
  send,
  administer,
];

/** Somebody does something. Being refused or cut off is part of it. */
export async function visit(place: VisitedPlace): Promise<void> {
  await place.random
    .pick(VISITS)(place)
    .catch(() => {});
}

/**
 * Takes back what has no end of its own, memberships that callers set and did not take away; and is the last to need each
 * tenant, so that it is always the same ones that are held ready.
 */
export async function cleanUp(ports: VisitedPlace['ports']): Promise<void> {
  for (const tenant of TENANTS) {
    const claims = { sub: 'service-1', tenant, scope: SCOPE };
    const rest = RestClient.of({ port: ports[0] }, claims);
    for (let room = 6; room <= 9; room++) {
      const { json } = await rest.get(`/push/groups/room:${room}/members?limit=1000`);
      for (const { userId } of json['items'] as { userId: string }[]) {
        await rest.delete(`/push/groups/room:${room}/members/${userId}`);
      }
    }
    for (const port of ports) await RestClient.of({ port }, claims).post('/push/broadcast', { event: 'note' });
  }
}

/**
 * One of each, always the same, on each node: much of what has had its time is given up when something of its kind comes
 * after it. What this leaves is there before and after.
 */
export async function comeLast(ports: VisitedPlace['ports']): Promise<void> {
  const [tenant] = TENANTS.toReversed();
  for (const port of ports) {
    const rest = RestClient.of({ port }, { sub: 'service-1', tenant, scope: SCOPE });
    await rest.post('/push/broadcast', { event: 'note' }, { 'idempotency-key': 'the last one' });
    await rest.post('/push/revocations', { jti: 'the last one' });
    // Asks the other nodes.
    await rest.get('/push/stats');
    const token = tokenOf(USERS[0], tenant ?? '');
    await ask(`http://127.0.0.1:${port}/push/ticket`, { method: 'POST', headers: bearer(token) });
    const client = await WsClient.connect(`ws://127.0.0.1:${port}/push/ws`, { token });
    await client.request('push:ping');
    await client.close();
  }
}
