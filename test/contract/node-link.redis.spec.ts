import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { Arrival, NodeLink } from '../../src/backing/node-link.interface.js';
import { eventually } from '../support/eventually.js';
import { RedisNode } from '../support/redis-node.js';
import { redisAbsence, RedisServer } from '../support/redis-server.js';
import { describeNodeLink } from './node-link.suite.js';

const absence = redisAbsence();
const QUESTION = { withinMs: 5_000, keepMs: 60_000, waitsForCutOff: true };

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

  describe('a question that waits for nodes that are cut off', () => {
    const nodes: RedisNode[] = [];
    afterEach(async () => void (await Promise.all(nodes.splice(0).map((node) => node.close()))));

    async function startTwo(): Promise<[RedisNode, RedisNode]> {
      const prefix = `push:{${randomBytes(4).toString('hex')}}`;
      const two = [
        await RedisNode.start(server.url, { prefix }),
        await RedisNode.start(server.url, { prefix }),
      ] as const;
      nodes.push(...two);
      await eventually(() => two.every(({ link }) => link.nodeCount === 2));
      return [...two];
    }

    it('is answered by one whose line was away, which knows that it is waited for', async () => {
      const [asker, other] = await startTwo();
      const arrivals: Arrival[] = [];
      other.link.handle((_message, arrival) => {
        arrivals.push(arrival);
        return null;
      });
      // Who has only just come may not be on the list of the others yet.
      await eventually(async () => {
        await asker.link.ask({ operation: 'note', payload: 0 }, { withinMs: 5_000 });
        return arrivals.at(-1)?.wasAlive === true;
      });
      await other.cutOff();
      const asked = asker.link.ask({ operation: 'note', payload: 1 }, QUESTION);
      await other.reconnect();
      expect(await asked).toEqual({ answers: [null], isPartial: false });
      expect(arrivals.at(-1)).toMatchObject({ isKept: true, wasAlive: true });
    });

    it('goes on while the line of the node that asks is away', async () => {
      const [asker, other] = await startTwo();
      other.link.handle(() => new Promise(() => {}));
      let isOver = false;
      const asked = asker.link.ask({ operation: 'note', payload: 1 }, { ...QUESTION, withinMs: 1_000 });
      void asked.then(() => (isOver = true));
      await asker.link.ask({ operation: 'sent', payload: 2 }, { withinMs: 1 });
      await asker.cutOff();
      await eventually(() => asker.link.nodeCount === 0);
      expect(isOver).toBe(false);
      expect(await asked).toEqual({ answers: [], isPartial: true });
    });
  });
});
