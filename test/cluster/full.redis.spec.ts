/** Nodes over a Redis that has no memory left and evicts nothing (noeviction). */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { redis } from '../../src/backing/redis/index.js';
import { PushHealth } from '../../src/push/push-health.js';
import { CloseCode } from '../../src/protocol/close-codes.js';
import { eventually } from '../support/eventually.js';
import { PushApp } from '../support/push-app.js';
import { RedisServer, redisAbsence } from '../support/redis-server.js';

const absence = redisAbsence();

(absence === '' ? describe : describe.skip)(`a full Redis${absence}`, () => {
  let server: RedisServer;
  let operator: Redis;
  let one: PushApp;
  let other: PushApp;

  beforeEach(async () => {
    server = await RedisServer.start();
    operator = new Redis(server.url);
    const startNode = () => PushApp.start({ push: { backing: redis({ url: server.url }) } });
    [one, other] = await Promise.all([startNode(), startNode()]);
    await eventually(async () => expect((await one.push.stats()).nodes).toBe(2));
  });
  afterEach(async () => {
    await Promise.all([one.close(), other.close()]);
    operator.disconnect();
    await server.stop();
  });

  it('refuses sends, while nodes come back to it, know who is there and close connections', async () => {
    const client = await one.connect('7');
    await operator.config('SET', 'maxmemory', '1');
    // Whatever a node has to do at its start it has to do again.
    await operator.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await operator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');

    const presence = async () => (await other.push.presence(['7']))[0]?.connections;
    await eventually(async () => expect(await presence()).toBe(1), { timeoutMs: 10_000 });
    await expect(other.push.toUser('7', 'refused')).rejects.toMatchObject({ code: 'PUSH_ERR_UNAVAILABLE' });
    await eventually(async () => expect((await other.push.disconnect({ user: '7' })).matched).toBe(1));
    await eventually(() => expect(client.closed?.code).toBe(CloseCode.DisconnectedByAdmin));
  }, 30_000);

  it('takes sends again when it has room', async () => {
    const client = await one.connect('7');
    await operator.config('SET', 'maxmemory', '1');
    await operator.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await operator.config('SET', 'maxmemory', '0');

    await eventually(async () => expect(await other.push.toUser('7', 'taken')).toBeDefined(), { timeoutMs: 10_000 });

    await eventually(() => expect(client.frames.map(({ event }) => event)).toContain('taken'));
  }, 30_000);

  it('is told to whoever asks how a node fares that had a send refused, until one is taken', async () => {
    const { readiness } = one.app.get(PushHealth);
    expect(readiness).toEqual({ status: 'ready' });
    await operator.config('SET', 'maxmemory', '1');
    await expect(one.push.toUser('7', 'refused')).rejects.toMatchObject({ code: 'PUSH_ERR_UNAVAILABLE' });
    expect(one.app.get(PushHealth).readiness).toEqual({ status: 'degraded', reason: 'Redis refuses: OOM' });

    await operator.config('SET', 'maxmemory', '0');
    await eventually(async () => expect(await one.push.toUser('7', 'taken')).toBeDefined(), { timeoutMs: 10_000 });
    expect(one.app.get(PushHealth).readiness).toEqual({ status: 'ready' });
  }, 30_000);
});
