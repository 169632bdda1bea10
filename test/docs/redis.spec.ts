/** Runs what docs/scaling.md shows: the module over Redis, as a user who may do what the document lists and no more. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { INestApplication, Type } from '@nestjs/common';
import { Redis } from 'ioredis';
import { redis } from '../../src/backing/redis/index.js';
import { PushModule, PushService } from '../../src/index.js';
import { ask } from '../support/http-request.js';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisSentinels } from '../support/redis-sentinels.js';
import { RedisServer, redisAbsence } from '../support/redis-server.js';
import { TEST_SECRET, bearer, signToken } from '../support/tokens.js';
import { WsClient } from '../support/ws-client.js';
import { Markdown, projectRoot } from './markdown.js';

const absence = redisAbsence();
const environment = process.env;

/** The words of the commands that make the user, as the document has them: the second one is for a Cluster alone. */
function usersOfDocument(): readonly (readonly string[])[] {
  const blocks = Markdown.read('docs/scaling.md').codeBlocks();
  const commands = blocks.filter(({ text }) => text.startsWith('ACL SETUSER'));
  return commands.map(({ text }) => text.trim().split(/\s+/).slice(2));
}

function userOfDocument(): readonly string[] {
  return usersOfDocument()[0] ?? [];
}

/** Makes the user on every server. */
async function makeUserOf(cluster: RedisCluster): Promise<void> {
  for (const words of usersOfDocument()) await cluster.everywhere('ACL', 'SETUSER', ...words);
}

/** A running application. */
interface Node {
  readonly app: INestApplication;
  readonly url: string;
}

(absence === '' ? describe : describe.skip)(`the module as docs/scaling.md sets it up${absence}`, () => {
  let server: RedisServer;
  let administrator: Redis;
  const apps: INestApplication[] = [];

  beforeAll(async () => {
    server = await RedisServer.start();
    administrator = new Redis(server.url);
    expect(await administrator.call('ACL', 'SETUSER', ...userOfDocument())).toBe('OK');
    const url = server.url.replace('//', '//push:password@');
    process.env = { ...environment, PUSH_JWT_SECRET: TEST_SECRET, PUSH_REDIS_URL: url };
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });
  afterAll(async () => {
    process.env = environment;
    administrator?.disconnect();
    await server?.stop();
  });

  async function start(imports: unknown[], controllers: Type[] = []): Promise<Node> {
    const module = { module: class Host {}, imports: imports as Type[], controllers };
    const app = await NestFactory.create(module, { logger: false });
    apps.push(app);
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    return { app, url: `http://127.0.0.1:${port}` };
  }

  const connect = async (url: string, sub: string, query = '') => {
    const client = await WsClient.connect(`${url.replace('http', 'ws')}/push/ws${query}`, {
      token: signToken({ sub }),
    });
    await client.next('push:welcome');
    return client;
  };

  /** Does all that an application can do to Redis, from one node or the other. */
  const expectAllToWork = async (here: Node, there: Node): Promise<void> => {
    const push = here.app.get(PushService);
    const client = await connect(there.url, '7');
    await push.addToGroup('7', 'drivers', { expiresAt: new Date(Date.now() + 60_000) });
    await push.toGroup('drivers', 'a', 1, { collapseKey: 'state', report: true });
    const { cursor = '' } = await client.next('a');
    await push.toUser('7', 'b', 2, { idempotencyKey: 'key', collapseKey: 'state' });
    await push.toUser('7', 'b', 3, { collapseKey: 'state', ttlSeconds: 60 });
    await push.broadcast('c', 4, { store: 'none' });
    const back = await connect(here.url, '7', `?cursor=${encodeURIComponent(cursor)}`);
    expect((await back.next('b')).data).toBe(3);

    expect(await push.membersOf('drivers')).toMatchObject({ items: [{ userId: '7' }] });
    await push.removeFromGroup('7', 'drivers');
    expect(await push.presence(['7', '8'])).toMatchObject([{ connections: 2 }, { connections: 0 }]);
    expect(await push.stats()).toMatchObject({ nodes: 2 });
    const issued = await ask(`${here.url}/push/ticket`, { method: 'POST', headers: bearer(signToken({ sub: '8' })) });
    const { ticket } = JSON.parse(issued.text) as { ticket: string };
    expect((await ask(`${there.url}/push/handshake?ticket=${ticket}`)).status).toBe(204);
    expect((await ask(`${there.url}/push/poll?wait=0&ticket=${ticket}`)).status).toBe(200);
    await push.revoke({ jti: 'of nobody' });
    await push.disconnect({ user: '7' });
    expect([(await client.end()).code, (await back.end()).code]).toEqual([4505, 4505]);
  };

  it('tells the readiness probe how it fares', async () => {
    const { ClusterModule } = await import('./snippets/cluster.module.js');
    const { HealthController } = await import('./snippets/health.controller.js');
    const { url } = await start([ClusterModule], [HealthController]);
    const { status, text } = await ask(`${url}/health/ready`);
    expect([status, JSON.parse(text)]).toEqual([200, { status: 'ready', push: { status: 'up' } }]);
  });

  it('does all that it does with the least privilege', async () => {
    const { ClusterModule } = await import('./snippets/cluster.module.js');
    const here = await start([ClusterModule]);
    const there = await start([ClusterModule]);
    await expectAllToWork(here, there);

    expect(await administrator.call('ACL', 'LOG')).toEqual([]);
  });

  it('needs no more where the nodes agree on a secret of their own', async () => {
    const auth = { jwt: { secret: TEST_SECRET, algorithms: ['HS256' as const] } };
    const backing = redis({ url: process.env['PUSH_REDIS_URL'] ?? '', keyPrefix: 'push:other' });
    const { app } = await start([PushModule.forRoot({ auth, backing })]);
    expect((await app.get(PushService).broadcast('a', 1)).id).toEqual(expect.any(String));
    expect(await administrator.call('ACL', 'LOG')).toEqual([]);
  });

  it('does so over a Cluster as well', async () => {
    const cluster = await RedisCluster.start();
    try {
      await makeUserOf(cluster);
      const auth = { jwt: { secret: TEST_SECRET, algorithms: ['HS256' as const] } };
      const access = { username: 'push', password: 'password' };
      const backing = () => redis({ cluster: cluster.options, ...access });
      const [here, there] = [
        await start([PushModule.forRoot({ auth, backing: backing() })]),
        await start([PushModule.forRoot({ auth, backing: backing() })]),
      ];
      await eventually(async () => (await here.app.get(PushService).stats()).nodes === 2);
      await expectAllToWork(here, there);
      // A slot that has moved is found by other commands than one that is where it was.
      const key = 'push:{0}:log';
      await cluster.moveSlotOf(key, await cluster.anotherMasterThan(key));
      await eventually(async () => (await here.app.get(PushService).broadcast('moved')).id !== '');
      expect((await cluster.everywhere('ACL', 'LOG')).flat()).toEqual([]);
      await Promise.all(apps.splice(0).map((app) => app.close()));
    } finally {
      await cluster.stop();
    }
  });

  it('does so through Sentinel as well', async () => {
    const sentinels = await RedisSentinels.start();
    try {
      await sentinels.everywhere('ACL', 'SETUSER', ...userOfDocument());
      const auth = { jwt: { secret: TEST_SECRET, algorithms: ['HS256' as const] } };
      const access = { username: 'push', password: 'password', database: 1 };
      const backing = () => redis({ sentinel: sentinels.options, ...access });
      const [here, there] = [
        await start([PushModule.forRoot({ auth, backing: backing() })]),
        await start([PushModule.forRoot({ auth, backing: backing() })]),
      ];
      await eventually(async () => (await here.app.get(PushService).stats()).nodes === 2);
      await expectAllToWork(here, there);
      expect((await sentinels.everywhere('ACL', 'LOG')).flat()).toEqual([]);
      await Promise.all(apps.splice(0).map((app) => app.close()));
    } finally {
      await sentinels.stop();
    }
  });

  it('may run every command that a script or a connection of the backing uses', () => {
    const allowed = userOfDocument().flatMap((word) => (word.startsWith('+') ? [word.slice(1)] : []));
    const folder = join(projectRoot, 'src/backing/redis');
    const source = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    const used = [...source.join('\n').matchAll(/redis\.call\('([A-Z]+)'/g)].map(([, name = '']) => name.toLowerCase());
    expect(used.length).toBeGreaterThan(50);
    expect(used.filter((name) => !allowed.includes(name))).toEqual([]);
  });

  it('can do nothing to what is not its own', async () => {
    const user = new Redis(process.env['PUSH_REDIS_URL'] ?? '');
    await expect(user.get('orders')).rejects.toThrow(/NOPERM/);
    await expect(user.publish('orders', '')).rejects.toThrow(/NOPERM/);
    await expect(user.flushall()).rejects.toThrow(/NOPERM/);
    user.disconnect();
  });
});
