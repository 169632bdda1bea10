import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { redis } from '../../src/backing/redis/index.js';
import { escapeTenant, unescapeTenant } from '../../src/backing/redis/tenant-names.js';
import { redisAbsence } from '../support/redis-server.js';
import { TOPOLOGIES } from '../support/redis-topologies.js';
import type { StartTopology, Topology } from '../support/redis-topologies.js';
import { describeTenants, HOSTILE_TENANTS } from './tenants.suite.js';

const absence = redisAbsence();

const STARTS: readonly (readonly [string, StartTopology])[] = [
  ['Redis', TOPOLOGIES.Redis],
  ['Redis Cluster with five partitions', TOPOLOGIES['Redis Cluster with five partitions']],
];

(absence === '' ? describe : describe.skip).each(STARTS)(`over %s${absence}`, (name, start) => {
  let topology: Topology;

  beforeAll(async () => void (topology = await start()), 60_000);
  afterAll(() => topology?.stop());

  describeTenants(name, () => {
    const keyPrefix = `push-${randomBytes(4).toString('hex')}`;
    return { factory: () => redis({ ...topology.options, keyPrefix }), close: () => undefined };
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
