import { afterEach, afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { redis } from '../../src/backing/redis/index.js';
import type { Backing } from '../../src/backing/backing.interface.js';
import type { PushModuleOptions } from '../../src/push-options.interface.js';
import { PUSH_BACKING } from '../../src/push.tokens.js';
import { startNodeProgram } from '../support/child-program.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-request.js';
import { PushApp } from '../support/push-app.js';
import { redisAbsence, RedisServer } from '../support/redis-server.js';
import { RestClient } from '../support/rest-client.js';
import { signToken } from '../support/tokens.js';
import { refusalOf, WsClient } from '../support/ws-client.js';
import { ClusterNode } from './faults/cluster-node.js';

const absence = redisAbsence();

(absence === '' ? describe : describe.skip)(`limits of a cluster${absence}`, () => {
  let server: RedisServer;
  let apps: PushApp[];
  let keyPrefix: string;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    apps = [];
    keyPrefix = `push-${randomBytes(4).toString('hex')}`;
  });
  afterEach(() => Promise.all(apps.map((app) => app.close())));

  const nodesOf = ({ app }: PushApp) => app.get<Backing>(PUSH_BACKING).nodes;

  async function start(count: number, push: PushModuleOptions): Promise<readonly PushApp[]> {
    for (let number = 0; number < count; number++) {
      apps.push(await PushApp.start({ push: { ...push, backing: redis({ url: server.url, keyPrefix }) } }));
    }
    await eventually(() => apps.every((app) => nodesOf(app).nodeCount === count));
    return apps;
  }

  /** Tries to connect until it is let in. */
  async function letIn(url: string, token: string): Promise<WsClient> {
    let client: WsClient | undefined;
    const attempt = async () => {
      client = await WsClient.connect(url, { token }).catch(() => undefined);
      return client !== undefined;
    };
    await eventually(attempt, { timeoutMs: 12_000, what: 'a place' });
    return client as WsClient;
  }

  describe('of connections', () => {
    it('hold for a user over all nodes and transports, and a place is free when its connection has ended', async () => {
      const [one, two] = (await start(2, { maxPerUser: 2 })) as [PushApp, PushApp];
      const token = signToken({ sub: '7' });
      const first = await one.connect('7');
      await two.connect('7');

      const refusal = await refusalOf(one.wsUrl, { token });
      expect([refusal.status, refusal.problem['code']]).toEqual([429, 'user_limit']);
      expect(Number(refusal.headers['retry-after'])).toBeGreaterThan(0);
      const bearer = { headers: { authorization: `Bearer ${token}` } };
      const poll = await ask(`${two.origin}/push/poll?wait=0`, bearer);
      expect([poll.status, poll.headers['retry-after']]).toEqual([429, expect.any(String)]);
      expect((await ask(`${two.origin}/push/sse`, bearer)).status).toBe(429);
      expect((await ask(`${two.origin}/push/handshake`, bearer)).status).toBe(429);
      await one.connect('8');

      await first.close();
      await (await letIn(two.wsUrl, token)).close();
      await eventually(async () => (await ask(`${one.origin}/push/handshake`, bearer)).status === 204);
    });

    it('tell an event source without headers in a stream', async () => {
      const [one, two] = (await start(2, {
        maxPerUser: 1,
        auth: { jwt: { secret: 'a-test-secret-of-32-bytes-length', algorithms: ['HS256'] }, accessTokenQuery: true },
      })) as [PushApp, PushApp];
      await one.connect('7');
      const answer = await ask(`${two.origin}/push/sse?access_token=${signToken({ sub: '7' })}`);
      expect([answer.status, answer.headers['content-type']]).toEqual([
        200,
        expect.stringContaining('text/event-stream'),
      ]);
      expect(answer.text).toMatch(
        /^retry: \d+\n\ndata: \{"event":"push:draining","data":\{"reconnectInMs":\d+\}\}\n\n$/,
      );
    });

    it('hold for an address over all nodes, and are judged before the token', async () => {
      const [one, two] = (await start(2, { maxPerIp: 2 })) as [PushApp, PushApp];
      const first = await one.connect('7');
      await two.connect('8');
      const refusal = await refusalOf(two.wsUrl, { token: 'no token' });
      expect([refusal.status, refusal.problem['code']]).toEqual([429, 'address_limit']);
      await first.close();
      await letIn(one.wsUrl, signToken({ sub: '9' })).then((client) => client.close());
    });

    it('let polls of one user follow one another without end', async () => {
      const [one, two] = (await start(2, { maxPerUser: 1 })) as [PushApp, PushApp];
      const headers = { authorization: `Bearer ${signToken({ sub: '7' })}` };
      for (let poll = 0; poll < 10; poll++) {
        expect((await ask(`${one.origin}/push/poll?wait=0`, { headers })).status).toBe(200);
      }
      await eventually(async () => (await ask(`${two.origin}/push/poll?wait=0`, { headers })).status === 200);
    });

    it('keep to a share each while Redis is gone, lock nobody out, and hold again when it is back', async () => {
      const [one, two] = (await start(2, { maxPerUser: 4 })) as [PushApp, PushApp];
      await server.kill();
      await eventually(() => apps.every((app) => nodesOf(app).nodeCount === 0), { timeoutMs: 10_000 });
      const token = signToken({ sub: '7' });
      for (const app of [one, one, two, two]) await app.connect('7');
      expect((await refusalOf(one.wsUrl, { token })).status).toBe(429);
      expect((await refusalOf(two.wsUrl, { token })).status).toBe(429);

      await server.run();
      await eventually(() => apps.every((app) => nodesOf(app).nodeCount === 2), { timeoutMs: 10_000 });
      await eventually(async () => (await WsClient.connect(one.wsUrl, { token }).catch(() => undefined)) === undefined);
      expect((await refusalOf(one.wsUrl, { token })).status).toBe(429);
    });
  });

  describe('of sends', () => {
    it('hold for a caller over all nodes', async () => {
      const [one, two] = (await start(2, { maxSendsPerSecond: 10 })) as [PushApp, PushApp];
      const messages = Array.from({ length: 300 }, () => ({ event: 'e', target: { users: ['7'] } }));
      expect((await RestClient.of(one).post('/push/batch', { messages })).status).toBe(202);
      const { status, headers } = await RestClient.of(two).post('/push/users/7', { event: 'e' });
      expect([status, headers['ratelimit-policy']]).toEqual([429, '"sends";q=10;w=1']);
      expect(Number(headers['retry-after'])).toBeGreaterThan(5);
      expect((await RestClient.of(two, { sub: 'other' }).post('/push/users/7', { event: 'e' })).status).toBe(202);
    });
  });

  describe('of frames', () => {
    it('hold for a user over all connections and nodes, about', async () => {
      const [one, two] = (await start(2, { maxFramesPerSecond: 1_000, maxUserFramesPerSecond: 20 })) as [
        PushApp,
        PushApp,
      ];
      const clients = await Promise.all([one, one, one, two, two, two].map((app) => app.connect('7')));
      const startedAtMs = performance.now();
      // Ten of each, for a connection that is refused more often in a row is ended.
      const asked = clients.flatMap((client) =>
        Array.from({ length: 10 }, (_, frame) => client.request('push:ping', undefined, `p${frame}`)),
      );
      const replies = await Promise.all(asked);
      const seconds = (performance.now() - startedAtMs) / 1_000;
      const pongs = replies.filter(({ event }) => event === 'push:pong').length;
      expect(pongs).toBeGreaterThanOrEqual(20);
      // The bucket, a chunk of two for each node, and what comes meanwhile.
      expect(pongs).toBeLessThanOrEqual(20 + 4 + 1 + seconds * 21);
      const refused = replies.find(({ event }) => event === 'push:error');
      expect(refused?.data).toMatchObject({ code: 'rate_limited', retryAfterMs: expect.any(Number) });
      await (await two.connect('8')).request('push:ping');
    });
  });

  describe('of a node that is killed', () => {
    let nodes: ClusterNode[];

    beforeAll(async () => {
      const builder = await startNodeProgram([fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url))]);
      expect(await builder.ended).toEqual({ code: 0, signal: null });
    }, 120_000);
    beforeEach(async () => {
      const options = { redis: { url: server.url, keyPrefix }, push: { maxPerUser: 2 } };
      nodes = await Promise.all([ClusterNode.start(options), ClusterNode.start(options)]);
      const knowsBoth = async (node: ClusterNode) =>
        (await RestClient.of(node).get('/push/stats')).json['nodes'] === nodes.length;
      await eventually(async () => (await Promise.all(nodes.map(knowsBoth))).every(Boolean));
    });
    afterEach(() => Promise.all(nodes.map((node) => node.stop())));

    it('leave room for the same users on the others when its lease is over', async () => {
      const [dead, alive] = nodes as [ClusterNode, ClusterNode];
      const token = signToken({ sub: '7' });
      const urlOf = ({ port }: ClusterNode) => `ws://127.0.0.1:${port}/push/ws`;
      for (let count = 0; count < 2; count++) await WsClient.connect(urlOf(dead), { token });
      expect((await refusalOf(urlOf(alive), { token })).status).toBe(429);
      await dead.kill();
      const clients = [await letIn(urlOf(alive), token), await letIn(urlOf(alive), token)];
      expect((await refusalOf(urlOf(alive), { token })).status).toBe(429);
      await Promise.all(clients.map((client) => client.close()));
    }, 60_000);
  });
});
