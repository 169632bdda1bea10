import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Arrival, NodeLink } from '../../src/backing/node-link.interface.js';
import { unavailable } from '../../src/backing/redis/redis-failures.js';
import { FrameSeal } from '../../src/backing/redis/sealed-frame.js';
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
      expect(arrivals.at(-1)).toMatchObject({ hasWaited: true, wasDropped: false, wasAlive: true });
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

  describe('what fails while a request is carried out', () => {
    const nodes: RedisNode[] = [];
    afterEach(async () => void (await Promise.all(nodes.splice(0).map((node) => node.close()))));

    it.each([
      ['is told', new Error('broken'), 1],
      ['is not told where something is out of reach for a while', unavailable(), 0],
    ])('%s', async (_what, cause, told) => {
      const prefix = `push:{${randomBytes(4).toString('hex')}}`;
      const asker = await RedisNode.start(server.url, { prefix });
      const other = await RedisNode.start(server.url, { prefix });
      nodes.push(asker, other);
      other.link.handle(() => Promise.reject(cause));
      await eventually(() => asker.link.nodeCount === 2);
      const answers = await asker.link.ask({ operation: 'note', payload: 1 }, { withinMs: 5_000 });
      expect([answers, other.failures]).toEqual([{ answers: [], isPartial: true }, Array(told).fill(cause)]);
    });
  });

  describe('what a node that was cut off is told of', () => {
    const prefix = `push:{${randomBytes(4).toString('hex')}}`;
    const channel = `${prefix}:node`;
    const seal = new FrameSeal('of the test');
    let operator: Redis;
    let node: RedisNode;
    let arrivals: Map<unknown, Arrival>;
    let mayJoin: Promise<void>;

    beforeEach(async () => {
      operator = new Redis(server.url);
      mayJoin = Promise.resolve();
      node = await RedisNode.start(server.url, { prefix, mayJoin: () => mayJoin });
      arrivals = new Map();
      node.link.handle(({ payload }, arrival) => void arrivals.set(payload, arrival));
    });
    afterEach(async () => {
      await node.close();
      operator.disconnect();
    });

    const say = (frame: string) => operator.publish(channel, frame);
    const frameOf = (payload: string, atMs = Date.now()) =>
      seal.seal(
        channel,
        JSON.stringify({ type: 'tell', id: payload, from: 'other', atMs, operation: 'note', payload }),
      );
    const keep = (frame: string) => operator.zadd(`${prefix}:kept`, Date.now(), frame);

    it('has waited, whether it was kept or heard while the node was joining', async () => {
      let open = () => {};
      await node.cutOff();
      await keep(frameOf('kept'));
      mayJoin = new Promise((resolve) => (open = resolve));
      await node.reconnect();
      await eventually(async () => (await say(frameOf('heard'))) > 0);
      await say('of another version, and the last');
      await eventually(() => node.link.dropped.version === 1);
      expect(arrivals.size).toBe(0);

      open();
      await eventually(() => arrivals.size === 2);
      expect([...arrivals.keys()]).toEqual(['kept', 'heard']);
      expect([...arrivals.values()]).toMatchObject([{ hasWaited: true }, { hasWaited: true }]);
    });

    it('may have been dropped where something was, since it caught up last', async () => {
      await say(frameOf('old', Date.now() - 31_000));
      await eventually(() => node.link.dropped.stale === 1);
      for (const payload of ['first', 'second']) {
        await node.cutOff();
        await keep(frameOf(payload));
        await node.reconnect();
        await eventually(() => arrivals.has(payload) && node.link.nodeCount > 0);
      }
      expect(arrivals.get('first')).toMatchObject({ hasWaited: true, wasDropped: true });
      expect(arrivals.get('second')).toMatchObject({ hasWaited: true, wasDropped: false });
    });
  });
});
