import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { redis } from '../../src/backing/redis/index.js';
import { eventually } from '../support/eventually.js';
import { PushApp } from '../support/push-app.js';
import { redisAbsence, RedisServer } from '../support/redis-server.js';
import { describeConsole } from './console.suite.js';

const absence = redisAbsence();

(absence === '' ? describe : describe.skip)(`over Redis${absence}`, () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server?.stop());

  it('says what is away, where that is why something cannot be done', async () => {
    const own = await RedisServer.start();
    const app = await PushApp.start({ push: { backing: redis({ url: own.url }), console: {} } });
    try {
      const page = await app.connect('op', { scope: 'push:admin push:send' });
      const send = () =>
        page.request('push:console', { action: 'send', target: { users: ['ada'] }, event: 'note', payload: 1 });
      await eventually(async () => expect((await send()).event).toBe('push:ok'));
      await own.kill();
      expect((await send()).data).toMatchObject({ code: 'internal', retryable: true, detail: 'Redis is out of reach' });
    } finally {
      await app.close();
      await own.stop();
    }
  });

  describeConsole('Redis', () => {
    const keyPrefix = `push-${randomBytes(4).toString('hex')}`;
    return { factory: () => redis({ url: server.url, keyPrefix }), close: () => undefined };
  });
});
