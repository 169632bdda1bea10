import { afterAll, beforeAll, describe } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { redis } from '../../src/backing/redis/index.js';
import { redisAbsence } from '../support/redis-server.js';
import { TOPOLOGIES } from '../support/redis-topologies.js';
import type { StartTopology, Topology } from '../support/redis-topologies.js';
import { describeCluster } from './application.suite.js';

const absence = redisAbsence();

(absence === '' ? describe : describe.skip).each(Object.entries<StartTopology>(TOPOLOGIES))(
  `over %s${absence}`,
  (name, start) => {
    let topology: Topology;

    beforeAll(async () => {
      topology = await start();
    });
    afterAll(() => topology?.stop());

    describeCluster(name, () => {
      const keyPrefix = `push-${randomBytes(4).toString('hex')}`;
      return { factory: () => redis({ ...topology.options, keyPrefix }), close: () => undefined };
    });
  },
);
