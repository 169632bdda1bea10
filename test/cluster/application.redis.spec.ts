import { afterAll, beforeAll, describe } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { redis } from '../../src/backing/redis/index.js';
import { redisAbsence, RedisServer } from '../support/redis-server.js';
import { describeCluster } from './application.suite.js';

const absence = redisAbsence();

(absence === '' ? describe : describe.skip)(`redis()${absence}`, () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  describeCluster('Redis', () => {
    const keyPrefix = `push-${randomBytes(4).toString('hex')}`;
    return { factory: () => redis({ url: server.url, keyPrefix }), close: () => undefined };
  });
});
