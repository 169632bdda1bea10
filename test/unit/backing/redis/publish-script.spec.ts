import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { publishScript } from '../../../../src/backing/redis/publish-script.js';
import type { PublishCommand } from '../../../../src/backing/redis/redis-connections.js';
import { RedisScript } from '../../../../src/backing/redis/redis-script.js';
import { RedisServer, redisAbsence } from '../../../support/redis-server.js';

const absence = redisAbsence();
const LIMITS = { historyCount: 10, historyAllCount: 10, historySeconds: 60, forgetMs: 3_600_000 };

(absence === '' ? describe : describe.skip)(`the script that publishes${absence}`, () => {
  let server: RedisServer;
  let operator: Redis;

  beforeAll(async () => {
    server = await RedisServer.start();
    operator = new Redis(server.url);
  });
  afterAll(async () => {
    operator.disconnect();
    await server.stop();
  });

  /** Publishes at this moment of the server's clock; `isRepeated`: it may have been published before. */
  const publish = async (command: PublishCommand, id: string, nowMs: number, isRepeated: boolean): Promise<string> => {
    const script = new RedisScript(publishScript({ ...LIMITS, publishCommand: command }));
    const args = [nowMs, 'a-random', id, nowMs + 7_000, isRepeated ? '1' : '0', '1', 0, '-', '', '{}', 2, 'a', 'a'];
    const [verdict = ''] = (await script.run(operator, `push:{${command}}:log`, args)) as string[];
    return verdict;
  };

  it.each(['PUBLISH', 'SPUBLISH'] as const)('with %s takes once what is said to be tried again', async (command) => {
    expect(await publish(command, 'repeated', 100_000, false)).toBe('ok');
    expect(await publish(command, 'repeated', 100_500, true)).toBe('known');
  });

  // The driver follows a deposed master to the new one with the first attempt, long after the second was answered.
  it.each([1, 14_000])('takes once on a Cluster what comes again as it was, %p ms later', async (laterMs) => {
    const id = `redirected-${laterMs}`;
    expect(await publish('SPUBLISH', id, 200_000, false)).toBe('ok');
    expect(await publish('SPUBLISH', id, 200_000 + laterMs, false)).toBe('known');
  });
});
