import { afterAll, beforeAll, describe } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { redis } from '../../src/backing/redis/index.js';
import { redisAbsence, RedisServer } from '../support/redis-server.js';
import { describeConsole } from './console.suite.js';

const absence = redisAbsence();

(absence === '' ? describe : describe.skip)(`over Redis${absence}`, () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server?.stop());

  describeConsole('Redis', () => {
    const keyPrefix = `push-${randomBytes(4).toString('hex')}`;
    return { factory: () => redis({ url: server.url, keyPrefix }), close: () => undefined };
  });
});
