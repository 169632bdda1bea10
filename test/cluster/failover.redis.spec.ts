/** What becomes of messages when Sentinel or a Cluster puts another server in the place of a master. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { Backing } from '../../src/backing/backing.interface.js';
import { redis } from '../../src/backing/redis/index.js';
import type { RedisBackingOptions } from '../../src/backing/redis/index.js';
import { PUSH_BACKING } from '../../src/push.tokens.js';
import { eventually } from '../support/eventually.js';
import { PushApp } from '../support/push-app.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisSentinels } from '../support/redis-sentinels.js';
import { redisAbsence } from '../support/redis-server.js';
import type { RedisServer } from '../support/redis-server.js';
import type { WsClient } from '../support/ws-client.js';

const absence = redisAbsence();
const LONG = { timeoutMs: 40_000 };

/** Sends to user 7 by turns from all nodes until told to stop; knows what was accepted. */
class Sending {
  readonly accepted: string[] = [];
  private readonly open = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;
  private turn = 0;

  constructor(private readonly nodes: readonly PushApp[]) {
    this.timer = setInterval(() => this.send(), 5);
  }

  /** Waits until so many more were accepted. */
  async more(count: number): Promise<void> {
    const aim = this.accepted.length + count;
    await eventually(() => this.accepted.length >= aim, { ...LONG, what: 'sends to be accepted' });
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.open);
  }

  private send(): void {
    const node = this.nodes[this.turn++ % this.nodes.length];
    // Refused or unknown: nothing is promised of it.
    const sent = node?.push.toUser('7', 'note', this.turn).then(
      ({ id }) => void this.accepted.push(id),
      () => {},
    );
    if (!sent) return;
    this.open.add(sent);
    void sent.finally(() => this.open.delete(sent));
  }
}

(absence === '' ? describe : describe.skip)(`a failover${absence}`, () => {
  let options: RedisBackingOptions;
  let keyPrefix: string;
  let nodes: PushApp[];
  let clients: WsClient[];

  const begin = async (): Promise<void> => {
    keyPrefix = `push-${randomBytes(4).toString('hex')}`;
    const start = () => PushApp.start({ push: { backing: redis({ ...options, keyPrefix }) } });
    nodes = await Promise.all([start(), start()]);
    await eventually(() => nodes.every((node) => stateOf(node) === 'up'), LONG);
    clients = await Promise.all(nodes.map((node) => node.connect('7')));
  };
  const stateOf = ({ app }: PushApp) => app.get<Backing>(PUSH_BACKING).state.status;
  const idsOf = ({ frames }: WsClient) => frames.flatMap(({ event, id = '' }) => (event === 'note' ? [id] : []));
  const wasToldOfGap = ({ frames }: WsClient) => frames.some(({ event }) => event === 'push:gap');

  /** Every client has what was accepted, or was told that it may have missed something; nothing came twice. */
  const expectNoSilentLoss = async (sent: readonly string[]): Promise<void> => {
    const accepted = [...sent];
    await eventually(() => nodes.every((node) => stateOf(node) === 'up'), LONG);
    // What comes last comes live, so all before it is behind. A master that has just come to itself may have taken it yet.
    await eventually(async () => {
      const { id = '' } = (await nodes[0]?.push.toUser('7', 'note', 'last')) ?? {};
      accepted.push(id);
      await eventually(() => clients.every((client) => idsOf(client).includes(id)), {
        timeoutMs: 5_000,
        what: 'the last',
      });
    }, LONG);
    for (const client of clients) {
      const ids = idsOf(client);
      expect(client.closed).toBeUndefined();
      expect(new Set(ids).size).toBe(ids.length);
      const missing = accepted.filter((each) => !ids.includes(each));
      expect({ missing: missing.length, isSilent: missing.length > 0 && !wasToldOfGap(client) }).toEqual({
        missing: missing.length,
        isSilent: false,
      });
    }
  };

  afterEach(async () => {
    await Promise.all((nodes ?? []).map((node) => node.close()));
  });

  describe('by Sentinel', () => {
    let sentinels: RedisSentinels;

    beforeAll(async () => {
      sentinels = await RedisSentinels.start(['--appendonly', 'yes']);
      options = { sentinel: sentinels.options };
    });
    afterAll(() => sentinels?.stop());
    beforeEach(begin);

    it('of a master that was killed has sends go on, and nothing is lost in silence', async () => {
      const master = await sentinels.master();
      const sending = new Sending(nodes);
      await sending.more(100);
      await master.kill();
      await sentinels.replaced(master);
      await sending.more(100);
      await sending.stop();
      await expectNoSilentLoss(sending.accepted);
      await master.run();
      await sentinels.settled();
    });

    it('that an operator asks for has sends go on, and nothing is lost in silence', async () => {
      const sending = new Sending(nodes);
      await sending.more(100);
      await sentinels.failOver();
      await sending.more(100);
      await sending.stop();
      await expectNoSilentLoss(sending.accepted);
      await sentinels.settled();
    });

    it('of a master that stood still and comes back as one leads no node to it', async () => {
      const master = await sentinels.master();
      const sending = new Sending(nodes);
      await sending.more(100);
      master.freeze();
      try {
        await sentinels.replaced(master);
      } finally {
        master.thaw();
      }
      await sending.more(200);
      await sending.stop();
      await expectNoSilentLoss(sending.accepted);
      await sentinels.settled();
    });
  });

  describe('of a Cluster', () => {
    let cluster: RedisCluster;
    let logKey: string;

    beforeAll(async () => {
      cluster = await RedisCluster.start();
      options = { cluster: cluster.options };
    });
    afterAll(() => cluster?.stop());
    beforeEach(async () => {
      await begin();
      // Where the log is: the key of it that every node asks for.
      logKey = `${keyPrefix}:{0}:log`;
    });

    const replace = async (take: (master: RedisServer) => Promise<void>): Promise<void> => {
      const master = await cluster.masterOf(logKey);
      await take(master);
      await cluster.replaced(master, logKey);
    };

    it('in the place of a master that was killed has sends go on, and nothing is lost in silence', async () => {
      const sending = new Sending(nodes);
      await sending.more(100);
      let killed: RedisServer | undefined;
      await replace(async (master) => {
        killed = master;
        await master.kill();
      });
      await sending.more(100);
      await sending.stop();
      await expectNoSilentLoss(sending.accepted);
      await killed?.run();
      await cluster.settled();
    });

    it('in the place of a master that stood still has sends go on, and nothing is lost in silence', async () => {
      const sending = new Sending(nodes);
      await sending.more(100);
      let frozen: RedisServer | undefined;
      try {
        await replace(async (master) => {
          frozen = master;
          master.freeze();
        });
      } finally {
        frozen?.thaw();
      }
      await sending.more(200);
      await sending.stop();
      await expectNoSilentLoss(sending.accepted);
      await cluster.settled();
    });

    it('that has half of a slot moved takes no send by halves', async () => {
      const [first] = nodes;
      await first?.push.toUser('7', 'note', 'before');
      const target = await cluster.anotherMasterThan(logKey);
      await cluster.moveSlotOf(logKey, target, async () => {
        const refused = { code: 'PUSH_ERR_UNAVAILABLE' };
        for (const user of ['7', 'new'])
          await expect(first?.push.toUser(user, 'note', 'meanwhile')).rejects.toMatchObject(refused);
      });
      await eventually(async () => (await first?.push.toUser('7', 'note', 'after'))?.matched.connections === 1, LONG);
      for (const client of clients) {
        await eventually(() => client.frames.some(({ data }) => data === 'after'), LONG);
        expect(client.frames.filter(({ data }) => data === 'meanwhile')).toEqual([]);
        expect(wasToldOfGap(client)).toBe(false);
      }
    });

    it('moves slots while messages are sent, and nothing is lost', async () => {
      const sending = new Sending(nodes);
      await sending.more(50);
      for (let round = 0; round < 4; round++) {
        const target = await cluster.anotherMasterThan(logKey);
        await cluster.moveSlotOf(logKey, target);
        await sending.more(50);
      }
      for (const key of [`${keyPrefix}:{nodes}`, `${keyPrefix}:{memberships}`])
        await cluster.moveSlotOf(key, await cluster.anotherMasterThan(key));
      await sending.more(50);
      await sending.stop();
      await expectNoSilentLoss(sending.accepted);
      expect(clients.map(wasToldOfGap)).toEqual([false, false]);
      await nodes[0]?.push.addToGroup('7', 'g');
      await nodes[1]?.push.toGroup('g', 'hello');
      for (const client of clients) expect((await client.next('hello')).event).toBe('hello');
    });
  });
});
