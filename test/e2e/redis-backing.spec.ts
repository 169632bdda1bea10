/** Two applications of one host over a real Redis: what a client and a caller see must not depend on the node. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { redis } from '../../src/backing/redis/index.js';
import type { Envelope } from '../../src/protocol/frames.js';
import { PushModule } from '../../src/push.module.js';
import { PushHealth } from '../../src/push/push-health.js';
import { PushService } from '../../src/push/push.service.js';
import type { PushReceipt } from '../../src/push/push-types.js';
import { eventually, eventuallyDefined } from '../support/eventually.js';
import { ask } from '../support/http-request.js';
import { PushApp } from '../support/push-app.js';
import { RedisServer, redisAbsence } from '../support/redis-server.js';
import { RestClient, problemWith } from '../support/rest-client.js';
import { SseClient } from '../support/sse-client.js';
import { RoomsAuthorizer } from '../support/rooms.authorizer.js';
import { TEST_SECRET, bearer, signToken } from '../support/tokens.js';

const absence = redisAbsence();
const auth = { jwt: { secret: TEST_SECRET, algorithms: ['HS256' as const] } };

/** What the two messages after the cursor were, as this node gives them to a client that comes back. */
async function missedOver(transport: string, node: PushApp, cursor: string, user: string): Promise<readonly unknown[]> {
  const token = signToken({ sub: user });
  const query = `?cursor=${encodeURIComponent(cursor)}`;
  if (transport === 'poll') {
    const { text } = await ask(`${node.origin}/push/poll${query}&wait=5`, { headers: bearer(token) });
    return (JSON.parse(text) as { messages: readonly Envelope[] }).messages.map(({ data }) => data);
  }
  if (transport === 'ws') {
    const client = await node.connect(user, {}, { query });
    return [await client.next(), await client.next()].map(({ data }) => data);
  }
  const stream = await SseClient.open(`${node.origin}/push/sse${query}`, bearer(token));
  expect((await stream.next('push:welcome')).data).toMatchObject({ resumed: true });
  const missed = [await stream.next(), await stream.next()].map(({ data }) => data);
  stream.close();
  return missed;
}

(absence === '' ? describe : describe.skip)(`two applications over Redis${absence}`, () => {
  let server: RedisServer;
  let express: PushApp;
  let fastify: PushApp;
  let worker: INestApplicationContext;

  const backing = () => redis({ url: server.url, keyPrefix: 'shop', secret: 'what the nodes know each other by' });

  beforeAll(async () => {
    server = await RedisServer.start();
    express = await PushApp.start({ platform: 'express', push: { backing: backing() } });
    fastify = await PushApp.start({ platform: 'fastify', push: { backing: backing() } });
    const module = { module: class Worker {}, imports: [PushModule.forRoot({ auth, backing: backing() })] };
    worker = await NestFactory.createApplicationContext(module, { logger: ['fatal'] });
  }, 60_000);

  afterAll(async () => {
    await Promise.all([worker, express, fastify].map((app) => app?.close()));
    await server?.stop();
  });

  it('bring a message that one sends to those who are connected to the other, in one order', async () => {
    const [here, there] = [await express.connect('7'), await fastify.connect('7')];
    await Promise.all([
      express.push.toUser('7', 'from', 'express'),
      fastify.push.broadcast('from', 'fastify'),
      worker.get(PushService).toUser(['7', '8'], 'from', 'worker'),
    ]);
    const take = async (client: typeof here) => [await client.next(), await client.next(), await client.next()];
    const [seenHere, seenThere] = [await take(here), await take(there)];
    expect(seenHere.map(({ data }) => String(data)).toSorted()).toEqual(['express', 'fastify', 'worker']);
    expect(seenThere).toEqual(seenHere);
  });

  it.each(['ws', 'sse', 'poll'])('let a client go on from its cursor over %s on the other', async (transport) => {
    const user = `comes back over ${transport}`;
    const client = await express.connect(user);
    await express.push.toUser(user, 'count', 0);
    const { cursor = '' } = await client.next('count');
    await client.close();
    await express.push.toUser(user, 'count', 1);
    await fastify.push.toUser(user, 'count', 2);
    expect(await missedOver(transport, fastify, cursor, user)).toEqual([1, 2]);
  });

  it('share memberships, also with connections that are there', async () => {
    const member = await fastify.connect('member');
    expect((await RestClient.of(express).put('/push/groups/drivers/members/member')).status).toBe(204);
    await express.push.toGroup('drivers', 'tour', 1);
    expect((await member.next('tour')).data).toBe(1);
    expect(await fastify.push.groupsOf('member')).toEqual(['drivers']);
  });

  it('find whoever was just put into a group, whichever of them is told and sends', async () => {
    const joiner = await express.connect('joiner');
    const nodes = { express, fastify };
    for (const [told, teller] of Object.entries(nodes)) {
      for (const [from, sender] of Object.entries(nodes)) {
        const group = `${told}-${from}`;
        await teller.push.addToGroup('joiner', group);
        const receipt = await sender.push.toGroup(group, group, 1, { report: true });
        const found = { matched: { users: 1, connections: 1 }, written: 1, scope: 'cluster' };
        expect(receipt).toEqual({ id: receipt.id, duplicate: false, ...found });
        await joiner.next(group);
      }
    }
  });

  it('agree on a membership that both of them change at the same time, and what is sent then misses nobody', async () => {
    const member = await express.connect('torn');
    for (let round = 0; round < 40; round++) {
      const group = `torn-${round}`;
      await Promise.all([express.push.addToGroup('torn', group), fastify.push.removeFromGroup('torn', group)]);
      const isMember = (await fastify.push.groupsOf('torn')).includes(group);
      const { matched } = await fastify.push.toGroup(group, group, round, { report: true });
      expect([round, matched.connections]).toEqual([round, isMember ? 1 : 0]);
      if (isMember) expect((await member.next(group)).data).toBe(round);
    }
  });

  it('take a ticket of one another, once', async () => {
    const { text } = await ask(`${express.origin}/push/ticket`, { method: 'POST', headers: bearer(signToken()) });
    const { ticket } = JSON.parse(text) as { ticket: string };
    const redeem = () => ask(`${fastify.origin}/push/poll?wait=0&ticket=${ticket}`);
    expect((await redeem()).status).toBe(200);
    expect((await redeem()).status).toBe(401);
  });

  it('carry out a send once that is repeated on the other', async () => {
    const client = await fastify.connect('once');
    const send = (node: PushApp) =>
      RestClient.of(node).post('/push/users/once', { event: 'a', data: 1 }, { 'idempotency-key': 'repeated' });
    const [first, again] = [await send(express), await send(fastify)];
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.json['id']).toBe(first.json['id']);
    await fastify.push.toUser('once', 'last', 2);
    expect([(await client.next()).event, (await client.next()).event]).toEqual(['a', 'last']);
  });

  it('end the tokens that one has revoked on both', async () => {
    const client = await fastify.connect('revoked');
    await express.push.revoke({ sub: 'revoked' });
    expect((await client.end()).code).toBe(4501);
    const token = signToken({ sub: 'revoked', iat: Math.floor(Date.now() / 1000) - 60 });
    const { status } = await ask(`${fastify.origin}/push/handshake`, { headers: bearer(token) });
    expect(status).toBe(401);
  });

  it('know who is online on the other', async () => {
    await express.connect('present');
    expect(await fastify.push.isOnline('present')).toBe(true);
    const { json } = await RestClient.of(fastify).get('/push/connections?user=present');
    expect(json['items']).toMatchObject([{ userId: 'present', node: express.app.get(PushHealth).nodeId }]);
    expect((await RestClient.of(fastify).get('/push/stats')).json).toMatchObject({ scope: 'cluster', nodes: 3 });
  });

  it('refuse what is sent when their own end is over', async () => {
    const module = { module: class Ended {}, imports: [PushModule.forRoot({ auth, backing: backing() })] };
    const ended = await NestFactory.createApplicationContext(module, { logger: ['fatal'] });
    const push = ended.get(PushService);
    await ended.close();
    await expect(push.broadcast('late')).rejects.toMatchObject({
      code: 'PUSH_ERR_UNAVAILABLE',
      message: 'the application has ended: nobody would get it',
    });
  });

  it('count the whole cluster for a worker without HTTP, which can close connections too', async () => {
    const push = worker.get(PushService);
    const clients = [await express.connect('watched'), await fastify.connect('watched')];
    const receipt = await push.toUser('watched', 'a', 1, { report: true });
    expect(receipt).toMatchObject({ scope: 'cluster', matched: { users: 1, connections: 2 }, written: 2 });
    await push.disconnect({ user: 'watched' });
    expect(await Promise.all(clients.map((client) => client.end()))).toMatchObject([{ code: 4505 }, { code: 4505 }]);
  });
});

(absence === '' ? describe : describe.skip)(`an application whose Redis goes away${absence}`, () => {
  let server: RedisServer;
  let app: PushApp | undefined;

  beforeAll(async () => {
    server = await RedisServer.start(['--appendonly', 'yes', '--appendfsync', 'always']);
  });
  afterEach(async () => {
    await app?.close();
    await server.kill();
  });
  afterAll(() => server.stop());

  /** What comes of a send that is made again until it is taken. */
  async function taken(send: () => Promise<PushReceipt>): Promise<PushReceipt> {
    return eventuallyDefined(() => send().catch(() => undefined));
  }

  const stateOf = (node: PushApp) => node.app.get(PushHealth).backingState.status;

  it('keeps its sockets, refuses sends, says so, and goes on where it was', async () => {
    const node = (app = await PushApp.start({ push: { backing: redis({ url: server.url }) } }));
    const client = await node.connect('7');
    await node.push.toUser('7', 'count', 1);
    await server.kill();
    await eventually(() => stateOf(node) === 'degraded');

    const refused = await RestClient.of(node).post('/push/users/7', { event: 'count', data: 'lost' });
    expect([refused.status, refused.json]).toEqual([503, problemWith({ status: 503, code: 'unavailable' })]);
    expect(refused.headers['retry-after']).toBeDefined();
    const messages = [{ target: { users: ['7'] }, event: 'count', data: 'lost' }];
    const batch = await RestClient.of(node).post('/push/batch', { messages });
    expect([batch.status, batch.json['results']]).toEqual([202, [refused.json]]);
    expect(batch.headers['retry-after']).toBe(refused.headers['retry-after']);
    const late = await node.connect('7');
    expect(client.closed).toBeUndefined();

    await server.run();
    // Taken before this node hears again: who it is for is known, and not when they have it.
    const receipt = await taken(() => node.push.toUser('7', 'count', 2, { report: { withinMs: 20_000 } }));
    expect(receipt.matched).toEqual({ users: 1, connections: 2 });
    await eventually(() => stateOf(node) === 'up');
    expect([(await client.next('count')).data, (await client.next('count')).data]).toEqual([1, 2]);
    expect((await late.next('count')).data).toBe(2);
  });

  it.each(['ws', 'sse'])('lets people in over %s while it stands still, though nobody knows yet', async (transport) => {
    await server.run();
    const node = (app = await PushApp.start({ push: { backing: redis({ url: server.url }) } }));
    await eventually(() => stateOf(node) === 'up');
    await node.push.addToGroup('7', 'drivers');
    server.freeze();
    const headers = bearer(signToken({ sub: '7' }));
    const client = await (transport === 'ws' ? node.connect('7') : SseClient.open(`${node.origin}/push/sse`, headers));
    if (client instanceof SseClient) expect((await client.next('push:welcome')).data).toMatchObject({ resumed: false });
    const poll = await ask(`${node.origin}/push/poll?wait=0`, { headers });
    expect([poll.status, poll.headers['retry-after']]).toEqual([503, expect.any(String)]);

    server.thaw();
    await eventually(() => node.push.toGroup('drivers', 'tour', 1).then(() => true));
    expect((await client.next('tour')).data).toBe(1);
  });

  it.each(['ws', 'upstream'])('tells a client over %s whether a message of its may have been sent', async (way) => {
    await server.run();
    const node = (app = await PushApp.start({
      push: { backing: redis({ url: server.url }), authorizer: RoomsAuthorizer },
    }));
    await eventually(() => stateOf(node) === 'up');
    const client = await node.connect('7', {}, { query: '?groups=room:1' });
    const frame = { to: { group: 'room:1' }, event: 'chat', data: 'hello' };
    const say = async (): Promise<Envelope> => {
      if (way === 'ws') return client.request('push:send', frame);
      const body = JSON.stringify({ event: 'push:send', data: frame });
      const headers = { ...bearer(signToken({ sub: '8' })), 'content-type': 'application/json' };
      const { text } = await ask(`${node.origin}/push/upstream`, { method: 'POST', headers, body });
      return JSON.parse(text) as Envelope;
    };
    server.freeze();
    expect((await say()).data).toMatchObject({ code: 'internal', status: 500, retryable: false });
    server.thaw();
    // It was sent: who repeats it by itself says it twice.
    expect((await client.next('chat')).data).toBe('hello');

    await server.kill();
    await eventually(() => stateOf(node) === 'degraded');
    const refused = { code: 'internal', status: 500, retryable: true, retryAfterMs: expect.any(Number) };
    expect((await say()).data).toMatchObject({ ...refused, detail: 'what it needs is out of reach' });
  });

  it('starts without it', async () => {
    const node = (app = await PushApp.start({ push: { backing: redis({ url: server.url }) } }));
    expect(node.app.get(PushHealth).backingState).toEqual({ status: 'degraded', reason: expect.any(String) });
    const client = await node.connect('7');
    await server.run();
    await eventually(() => stateOf(node) === 'up');
    await node.push.toUser('7', 'count', 1);
    expect((await client.next('count')).data).toBe(1);
  });
});
