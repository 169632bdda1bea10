import { afterAll, beforeAll, describe } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { NodeLink } from '../../src/backing/node-link.interface.js';
import { eventually } from '../support/eventually.js';
import { RedisNode } from '../support/redis-node.js';
import { redisAbsence, RedisServer } from '../support/redis-server.js';
import { describeNodeLink } from './node-link.suite.js';

const absence = redisAbsence();

(absence === '' ? describe : describe.skip)(`Redis${absence}`, () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  describeNodeLink('RedisNodeLink', () => {
    const prefix = `push:{${randomBytes(4).toString('hex')}}`;
    const nodes = new Map<NodeLink, RedisNode>();
    const nodeOf = (link: NodeLink): RedisNode => {
      const node = nodes.get(link);
      if (!node) throw new Error('no node of this cluster');
      return node;
    };
    return {
      async add() {
        const node = await RedisNode.start(server.url, { prefix });
        nodes.set(node.link, node);
        return node.link;
      },
      cutOff: async (link) => nodeOf(link).cutOff(),
      async rejoin(link) {
        await nodeOf(link).reconnect();
        await eventually(() => link.nodeCount > 0);
      },
      remove: (link) => nodeOf(link).close(),
      close: async () => void (await Promise.all([...nodes.values()].map((node) => node.close()))),
    };
  });
});
