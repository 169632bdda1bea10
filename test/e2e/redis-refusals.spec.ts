/** A node that reaches its Redis and may not use it says why: in the log, in its health, and to who sends. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { redis } from '../../src/backing/redis/index.js';
import { PushModule } from '../../src/push.module.js';
import { PushHealth } from '../../src/push/push-health.js';
import { PushService } from '../../src/push/push.service.js';
import { eventually } from '../support/eventually.js';
import { PushApp } from '../support/push-app.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisServer, redisAbsence } from '../support/redis-server.js';
import { TEST_SECRET } from '../support/tokens.js';

const absence = redisAbsence();
/** One who may do everything, until something is taken away. */
const USER = ['user-of-push', 'reset', 'on', '>pass', '~*', '&*', '+@all'];
const auth = { jwt: { secret: TEST_SECRET, algorithms: ['HS256' as const] } };

(absence === '' ? describe : describe.skip)(`a node whose Redis refuses${absence}`, () => {
  let server: RedisServer;
  let operator: Redis;
  let app: INestApplicationContext | undefined;
  let log = new RecordingLogger();

  beforeAll(async () => {
    server = await RedisServer.start();
    operator = new Redis(server.url);
  });
  afterEach(async () => {
    await operator.config('SET', 'maxmemory', '0');
    await app?.close();
    await operator.flushall();
  });
  afterAll(async () => {
    operator?.disconnect();
    await server?.stop();
  });

  /** As a user who may do everything but this. */
  async function start(...limits: readonly string[]): Promise<INestApplicationContext> {
    await operator.call('ACL', 'SETUSER', ...USER, ...limits);
    return open(redis({ url: server.url.replace('//', '//user-of-push:pass@') }));
  }

  async function open(backing: ReturnType<typeof redis>): Promise<INestApplicationContext> {
    log = new RecordingLogger();
    const module = { module: class Host {}, imports: [PushModule.forRoot({ auth, backing })] };
    return (app = await NestFactory.createApplicationContext(module, { logger: log }));
  }

  const warnings = () => log.text.split('\n').filter((line) => line.startsWith('Redis '));
  const send = (node: INestApplicationContext) => node.get(PushService).toUser('7', 'count', 'payload');
  const stateOf = (node: INestApplicationContext) => node.get(PushHealth).backingState;

  it('lets people in while its Redis takes no writes, after a few refusals, and reads on when it does', async () => {
    const node = await PushApp.start({ push: { backing: redis({ url: server.url }) } });
    try {
      await eventually(() => stateOf(node.app).status === 'up');
      await operator.config('RESETSTAT');
      await operator.config('SET', 'min-replicas-to-write', '1');
      const client = await node.connect('7');
      const [, refused] = /errorstat_NOREPLICAS:count=(\d+)/.exec(await operator.info('errorstats')) ?? [];
      expect(Number(refused)).toBeLessThan(25);
      await operator.config('SET', 'min-replicas-to-write', '0');
      await eventually(() => send(node.app).then(() => true));
      expect((await client.next('count')).data).toBe('payload');
    } finally {
      await operator.config('SET', 'min-replicas-to-write', '0');
      await node.close();
    }
  });

  it.each([
    ['run scripts', ['-eval', '-evalsha'], /EVAL(SHA)?: NOPERM/],
    ['subscribe', ['-subscribe'], /SUBSCRIBE: NOPERM/],
    ['publish', ['-publish'], /a script: \w+ \((PUBLISH|a command in it)\)/],
    ['hear its channels', ['resetchannels'], /SUBSCRIBE: NOPERM \(a channel\)/],
    ['use its keys', ['resetkeys', '~other:*'], /(GET|a script): NOPERM \(a key\)/],
  ])('for want of the right to %s says so once, and as its reason', async (_, limits, refused) => {
    const node = await start(...limits);
    const reason = expect.stringMatching(new RegExp(`^Redis refuses ${refused.source}`));
    expect(stateOf(node)).toEqual({ status: 'degraded', reason });
    for (let count = 0; count < 3; count++) {
      await expect(send(node)).rejects.toMatchObject({
        code: 'PUSH_ERR_UNAVAILABLE',
        message: expect.stringMatching(/^Redis refuses: (NOPERM|ERR)$/),
      });
    }
    expect(warnings()).toEqual(expect.arrayContaining([reason]));
    expect(new Set(warnings()).size).toBe(warnings().length);
    expect(log.text).not.toMatch(/user-of-push|push:|payload/);
  });

  it('goes on when the right is there, and its health has no reason any more', async () => {
    const node = await start('-subscribe');
    await operator.call('ACL', 'SETUSER', 'user-of-push', '+subscribe');
    await eventually(() => stateOf(node).status === 'up');
    await send(node);
    expect(warnings()).toHaveLength(1);
  });

  it('for want of memory says so once, and as its reason', async () => {
    const node = await start();
    await operator.config('SET', 'maxmemory', '1');
    for (let count = 0; count < 3; count++) await expect(send(node)).rejects.toThrow('Redis refuses: OOM');
    expect(warnings()).toEqual([expect.stringContaining('Redis refuses a script: OOM. ')]);
    expect(stateOf(node)).toEqual({ status: 'degraded', reason: 'Redis refuses: OOM' });
  });

  it('in a Cluster for want of the right to subscribe says so once, and as its reason', async () => {
    const cluster = await RedisCluster.start();
    try {
      await cluster.everywhere('ACL', 'SETUSER', ...USER, '-ssubscribe');
      const node = await open(redis({ cluster: cluster.options, username: 'user-of-push', password: 'pass' }));
      await eventually(() => warnings().length > 0);
      expect(stateOf(node)).toEqual({ status: 'degraded', reason: 'Redis refuses SSUBSCRIBE: NOPERM' });
      await expect(send(node)).rejects.toThrow('Redis refuses: NOPERM');
      expect(warnings()).toEqual([expect.stringContaining('Redis refuses SSUBSCRIBE: NOPERM. ')]);
      await app?.close();
    } finally {
      await cluster.stop();
    }
  });
});
