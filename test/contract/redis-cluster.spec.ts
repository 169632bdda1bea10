/** The suites of every port once more, over a Cluster, where what lies together must be of one slot. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { NodeLink } from '../../src/backing/node-link.interface.js';
import { ClusterConnections } from '../../src/backing/redis/cluster-connections.js';
import { RedisIdempotencyStore } from '../../src/backing/redis/redis-idempotency-store.js';
import { RedisMemberships } from '../../src/backing/redis/redis-memberships.js';
import { RedisRevocationList } from '../../src/backing/redis/redis-revocation-list.js';
import { RedisTicketStore } from '../../src/backing/redis/redis-ticket-store.js';
import { FrameSeal } from '../../src/backing/redis/sealed-frame.js';
import { systemClock } from '../../src/core/clock.js';
import type { Principal } from '../../src/core/principal.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisLogNode } from '../support/redis-log-node.js';
import { RedisNode } from '../support/redis-node.js';
import { redisAbsence } from '../support/redis-server.js';
import { passTimeOf } from '../support/test-redis.js';
import { describeIdempotencyStore } from './idempotency-store.suite.js';
import { describeMemberships } from './memberships.suite.js';
import { describeMessageLog } from './message-log.suite.js';
import { describeNodeLink } from './node-link.suite.js';
import { describeRevocationList } from './revocation-list.suite.js';
import { describeTicketStore } from './ticket-store.suite.js';

const absence = redisAbsence();

(absence ? describe.skip : describe)(`over a Redis Cluster${absence}`, () => {
  let cluster: RedisCluster;
  let connections: ClusterConnections;
  let count = 0;
  const seal = new FrameSeal('the secret of all nodes');
  const sealed = () => Promise.resolve(seal);

  beforeAll(async () => {
    Logger.overrideLogger(false);
    cluster = await RedisCluster.start();
    connections = new ClusterConnections({ nodes: cluster.options.nodes, access: {}, natMap: {} }, systemClock);
    connections.open();
    await eventually(() => connections.isReady);
  });
  afterAll(async () => {
    connections?.close();
    await cluster?.stop();
  });

  /** One hash tag for all of it, another each time. */
  const freshKey = () => `push:{test ${++count}}`;
  const now = async () => {
    const [seconds, microseconds] = await connections.commands.time();
    return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
  };
  const passTime = async (milliseconds: number) => {
    for (const master of connections.commands.nodes('master')) await passTimeOf(master, milliseconds);
  };

  describeMemberships('RedisMemberships', () => ({
    memberships: new RedisMemberships(connections.commands, freshKey()),
    now,
    advance: async (milliseconds) => {
      const endMs = (await now()) + milliseconds;
      await eventually(async () => (await now()) >= endMs);
    },
    close: () => undefined,
  }));

  describeIdempotencyStore(
    'RedisIdempotencyStore',
    (limits) => ({
      store: new RedisIdempotencyStore(connections.commands, `push:idempotency ${++count}`, limits),
      advance: passTime,
      close: () => undefined,
    }),
    { resumesAfterMs: 5_000 },
  );

  describeTicketStore('RedisTicketStore', (limits) => ({
    store: new RedisTicketStore(connections.commands, `push:ticket ${++count}`, sealed, limits),
    advance: passTime,
    close: () => undefined,
  }));

  describe('revocations', () => {
    const opened: RedisRevocationList[] = [];
    afterEach(() => {
      for (const list of opened.splice(0)) list.close();
    });

    describeRevocationList('RedisRevocationList', (limits) => {
      const clock = new ManualClock();
      const list = new RedisRevocationList(connections.commands, freshKey(), clock, limits);
      opened.push(list);
      return {
        list,
        get nowMs() {
          return clock.now();
        },
        advance: async (milliseconds) => {
          await passTime(milliseconds);
          clock.advance(milliseconds);
        },
        close: () => undefined,
      };
    });
  });

  describeMessageLog(
    'RedisMessageLog',
    async (limits) => {
      let nowMs = 1_700_000_000_000;
      const node = await RedisLogNode.start(
        { cluster: cluster.options },
        { prefix: freshKey(), limits, now: () => nowMs },
      );
      return {
        log: node.log,
        get nowMs() {
          return nowMs;
        },
        advance: (milliseconds) => void (nowMs += milliseconds),
        close: () => node.close(),
      };
    },
    { heedsBytes: false },
  );

  describeNodeLink('RedisNodeLink', () => {
    const prefix = freshKey();
    const nodes = new Map<NodeLink, RedisNode>();
    const nodeOf = (link: NodeLink): RedisNode => {
      const node = nodes.get(link);
      if (!node) throw new Error('no node of this cluster');
      return node;
    };
    return {
      async add() {
        const node = await RedisNode.start({ cluster: cluster.options }, { prefix });
        nodes.set(node.link, node);
        return node.link;
      },
      cutOff: (link) => nodeOf(link).cutOff(),
      async rejoin(link) {
        await nodeOf(link).reconnect();
        await eventually(() => link.nodeCount > 0);
      },
      remove: (link) => nodeOf(link).close(),
      close: async () => void (await Promise.all([...nodes.values()].map((node) => node.close()))),
    };
  });

  it('spreads tickets and idempotency keys over all masters', async () => {
    const principal: Principal = { userId: '7', groups: [], scopes: [], expiresAtMs: 1_800_000_000_000 };
    const tickets = new RedisTicketStore(connections.commands, 'push:spread:ticket', sealed);
    const keys = new RedisIdempotencyStore(connections.commands, 'push:spread:key');
    for (let index = 0; index < 60; index++) {
      await tickets.issue(principal);
      await keys.begin({ scope: 's', key: `${index}`, fingerprint: 'f' });
    }
    for (const kind of ['ticket', 'key']) {
      const held = await Promise.all(
        connections.commands.nodes('master').map(async (master) => (await master.keys(`push:spread:${kind}*`)).length),
      );
      expect(held.filter((each) => each > 0)).toHaveLength(3);
    }
  });
});
