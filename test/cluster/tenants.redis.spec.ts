import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { redis } from '../../src/backing/redis/index.js';
import { escapeTenant, unescapeTenant } from '../../src/backing/redis/tenant-names.js';
import { redisAbsence, RedisServer } from '../support/redis-server.js';
import { describeTenants, HOSTILE_TENANTS } from './tenants.suite.js';

const absence = redisAbsence();

(absence === '' ? describe : describe.skip)(`over Redis${absence}`, () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server?.stop());

  describeTenants('Redis', () => {
    const keyPrefix = `push-${randomBytes(4).toString('hex')}`;
    return { factory: () => redis({ url: server.url, keyPrefix }), close: () => undefined };
  });
});

describe('escapeTenant', () => {
  it('writes each name in its own way, without what has a meaning in keys', () => {
    const escaped = HOSTILE_TENANTS.map(escapeTenant);
    expect(new Set(escaped).size).toBe(HOSTILE_TENANTS.length);
    for (const name of escaped) expect(name).toMatch(/^[A-Za-z0-9._%-]+$/);
    expect(escaped.map(unescapeTenant)).toEqual([...HOSTILE_TENANTS]);
  });
});
