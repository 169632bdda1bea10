import { afterAll, beforeAll, describe } from '@jest/globals';
import { RedisServer, redisAbsence } from '../support/redis-server.js';
import { RedisLogNode } from '../support/redis-log-node.js';
import { describeMessageLog } from './message-log.suite.js';

const absence = redisAbsence();

(absence ? describe.skip : describe)(`Redis${absence}`, () => {
  let redis: RedisServer;
  let count = 0;

  beforeAll(async () => void (redis = await RedisServer.start()));
  afterAll(() => redis?.stop());

  describe.each([1, 2, 8])('with %d partitions', (partitions) => {
    describeMessageLog(
      'RedisMessageLog',
      async (limits) => {
        let nowMs = 1_700_000_000_000;
        const prefix = `push:{${++count}}`;
        const node = await RedisLogNode.start(redis.url, { prefix, limits, partitions, now: () => nowMs });
        return {
          log: node.log,
          get nowMs() {
            return nowMs;
          },
          advance: (milliseconds) => void (nowMs += milliseconds),
          close: () => node.close(),
        };
      },
      { heedsBytes: false, partitions },
    );
  });
});
