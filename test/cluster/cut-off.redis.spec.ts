import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { redis } from '../../src/backing/redis/index.js';
import type { Backing } from '../../src/backing/backing.interface.js';
import { PUSH_BACKING } from '../../src/push.tokens.js';
import { eventually } from '../support/eventually.js';
import { PushApp } from '../support/push-app.js';
import { redisAbsence, RedisServer } from '../support/redis-server.js';
import { RestClient } from '../support/rest-client.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const absence = redisAbsence();

(absence === '' ? describe : describe.skip)(`a node whose way to Redis is cut${absence}`, () => {
  let server: RedisServer;
  let way: TcpProxy;
  let asker: PushApp;
  let cut: PushApp;

  const nodesOf = ({ app }: PushApp) => app.get<Backing>(PUSH_BACKING).nodes;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    way = await TcpProxy.before(server.url);
    const keyPrefix = `push-${randomBytes(4).toString('hex')}`;
    asker = await PushApp.start({ push: { backing: redis({ url: server.url, keyPrefix }) } });
    cut = await PushApp.start({ push: { backing: redis({ url: way.url.replace('http', 'redis'), keyPrefix }) } });
    await eventually(() => [asker, cut].every((node) => nodesOf(node).nodeCount === 2));
  });
  afterEach(async () => {
    await Promise.all([asker.close(), cut.close()]);
    await way.close();
  });

  const breakDown = async (): Promise<void> => {
    way.breakDown();
    await eventually(() => nodesOf(cut).nodeCount === 0);
  };

  it('carries out what it missed when it is back: the end of connections, and memberships', async () => {
    const kicked = await cut.connect('7');
    const member = await cut.connect('8');
    await breakDown();
    expect(await asker.push.disconnect({ user: '7' })).toEqual({ matched: 0, partial: true });
    await asker.push.addToGroup('8', 'g');
    expect(kicked.closed).toBeUndefined();

    way.repair();
    expect((await kicked.end()).code).toBe(4505);
    await eventually(async () => (await asker.push.connections({ group: 'g' })).items.length === 1);
    await asker.push.toGroup('g', 'hello');
    expect((await member.next('hello')).event).toBe('hello');
  });

  it('is missing from counts, which say so, and is forgotten with its lease', async () => {
    await cut.connect('7');
    await asker.connect('7');
    await breakDown();
    const receipt = await asker.push.toUser('7', 'e', 1, { report: { withinMs: 3_000 } });
    expect(receipt).toMatchObject({ matched: { connections: 1 }, scope: 'cluster', partial: true });
    await eventually(() => nodesOf(asker).nodeCount === 1, { timeoutMs: 10_000 });
    expect(await asker.push.stats()).toMatchObject({ users: 1, nodes: 1 });
  });

  it('keeps its connections and says 503 to what is asked of all nodes', async () => {
    const client = await cut.connect('7');
    await breakDown();
    const rest = RestClient.of(cut);
    const statuses = [
      await rest.get('/push/stats'),
      await rest.get('/push/connections'),
      await rest.get('/push/users/8/presence'),
      await rest.put('/push/groups/g/members/7'),
    ].map(({ status }) => status);
    expect(statuses).toEqual([503, 503, 503, 503]);
    await client.settled();
    expect(client.closed).toBeUndefined();
  });
});
