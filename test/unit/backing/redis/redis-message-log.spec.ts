import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import type { MessageLogLimits, MessageRouting } from '../../../../src/backing/message-log.interface.js';
import { publishScript } from '../../../../src/backing/redis/publish-script.js';
import { RedisScript } from '../../../../src/backing/redis/redis-script.js';
import { FRAME_VERSION } from '../../../../src/backing/redis/sealed-frame.js';
import { eventually } from '../../../support/eventually.js';
import { hearFor } from '../../../support/hear-for.js';
import { LogReader } from '../../../support/log-reader.js';
import { RedisLogNode } from '../../../support/redis-log-node.js';
import { RedisServer, redisAbsence } from '../../../support/redis-server.js';
import { nobody } from '../../../support/silent-follower.js';

const absence = redisAbsence();
const ROOT = 'push:{test}:log';
const CHANNEL = `${ROOT}:c:a`;
const codeOf = (failure: unknown) => (failure as { readonly code?: string }).code;

(absence ? describe.skip : describe)(`RedisMessageLog${absence}`, () => {
  let redis: RedisServer;
  let operator: Redis;
  let nodes: RedisLogNode[];
  let count: number;

  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => Logger.overrideLogger(true));

  beforeEach(async () => {
    redis = await RedisServer.start();
    operator = new Redis(redis.url);
    operator.on('error', () => {});
    nodes = [];
    count = 0;
  });
  afterEach(async () => {
    for (const node of nodes) node.close();
    operator.disconnect();
    redis.thaw();
    await redis.stop();
  });

  const start = async (limits: MessageLogLimits = {}, secret?: string) => {
    const node = await RedisLogNode.start(redis.url, { limits, ...(secret === undefined ? {} : { secret }) });
    nodes.push(node);
    const reader = new LogReader(node.log);
    await hearFor(node.log, { userId: '7', groups: ['g'] });
    return { node, log: node.log, reader };
  };
  const send = (node: RedisLogNode, routing: Partial<MessageRouting> = {}) => {
    const content = { event: 'e', dataText: '1', id: `n-${++count}`, ts: '2026-01-01T00:00:00.000Z' };
    return node.log.publish(content, { target: { all: true }, store: 'history', ...routing });
  };
  /** Sends from all nodes until told to stop; answers the ids that were accepted, and those of which nobody knows. */
  const sendSteadily = () => {
    let isOn = true;
    const accepted: string[] = [];
    const unknown: string[] = [];
    const refused: string[] = [];
    const run = async () => {
      const sends: Promise<void>[] = [];
      while (isOn) {
        for (const node of nodes) {
          const id = `n-${count + 1}`;
          sends.push(
            send(node).then(
              () => void accepted.push(id),
              (failure: unknown) => void (codeOf(failure) === 'PUSH_ERR_PUBLISH_UNKNOWN' ? unknown : refused).push(id),
            ),
          );
        }
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await Promise.all(sends);
    };
    const running = run();
    return {
      accepted,
      unknown,
      refused,
      async stop() {
        isOn = false;
        await running;
      },
    };
  };
  const expectNothingLostNorTwice = async (readers: readonly LogReader[], accepted: readonly string[]) => {
    for (const reader of readers) {
      await eventually(() => reader.isLive && accepted.every((id) => reader.ids.includes(id)), { timeoutMs: 10_000 });
      expect(new Set(reader.ids).size).toBe(reader.ids.length);
      expect(reader.gaps).toEqual([]);
    }
    const [first, ...others] = readers;
    for (const other of others) expect(other.ids).toEqual(first?.ids);
  };

  describe('on several nodes', () => {
    it('delivers everything to all of them in one order', async () => {
      const started = [await start(), await start(), await start()];
      const sends = Array.from({ length: 100 }, () => nodes.map((node) => send(node))).flat();
      await Promise.all(sends);

      const [first, ...others] = started.map(({ reader }) => reader.ids);
      await eventually(() => expect(first).toHaveLength(300));
      for (const other of others) await eventually(() => expect(other).toEqual(first));
      expect(started.map(({ reader }) => reader.breaks)).toEqual([0, 0, 0]);
    });

    it('reads on one node what was published on another, from a place that it has not heard of yet', async () => {
      const [one, other] = [await start(), await start()];
      const request = { audience: { userId: '7', groups: [] }, maxMessages: 10, maxBytes: 10_000 };
      for (let index = 0; index < 20; index++) {
        await send(one.node);
        const page = await other.log.read({ ...request, after: one.log.position });
        expect(page).toMatchObject({ gap: undefined, messages: [], through: one.log.position });
      }
    });

    it('answers each send what it found on the node that sent it', async () => {
      const [one] = [await start(), await start()];
      expect(await send(one.node)).toMatchObject({ matched: { users: 1, connections: 1 }, message: { number: 1 } });
    });
  });

  describe('when messages pass a node by', () => {
    it('reads what came while its subscription was cut', async () => {
      const readers = [(await start()).reader, (await start()).reader];
      const sending = sendSteadily();
      for (let round = 1; round <= 3; round++) {
        await operator.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
        await eventually(() => readers.every((reader) => reader.breaks >= round && reader.isLive));
      }
      await sending.stop();

      expect(sending.refused).toEqual([]);
      await expectNothingLostNorTwice(readers, sending.accepted);
    });

    it('reads what came while all its connections were cut', async () => {
      const readers = [(await start()).reader, (await start()).reader];
      const sending = sendSteadily();
      for (let round = 1; round <= 3; round++) {
        await operator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        await operator.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
        await eventually(() => readers.every((reader) => reader.breaks >= round && reader.isLive));
      }
      await sending.stop();
      await expectNothingLostNorTwice(readers, sending.accepted);
    });

    /** As if a message to everyone had been published meanwhile, of which this node hears nothing. */
    const loseOne = async ({ log }: RedisLogNode) => {
      const number = log.position[0].number + 1;
      await operator.hset(ROOT, 'number', `${number}`, 'all', `${number} 00000001`);
    };

    it('reads where one on a channel does not go on from the one before it', async () => {
      const { node, reader, log } = await start();
      await send(node);
      await loseOne(node);
      await send(node);

      expect([log.position[0].number, reader.breaks]).toEqual([3, 1]);
      await eventually(() => reader.isLive && reader.ids.length === 2);
      expect(reader.gaps).toEqual([]);
    });

    it('tells of a gap where others came after the lost one, and goes on', async () => {
      const { node, reader } = await start();
      await send(node);
      await loseOne(node);
      await send(node, { target: { users: ['7'] } });
      await send(node);
      await send(node);

      expect([reader.breaks, reader.gaps, reader.ids]).toEqual([0, ['expired'], ['n-1', 'n-2', 'n-3', 'n-4']]);
    });

    it('notices by a probe what no later message shows', async () => {
      const { node, reader } = await start();
      await send(node);
      await loseOne(node);
      await operator.publish(CHANNEL, 'of no node');
      await eventually(() => reader.breaks === 1 && reader.isLive);
    });

    it('hears nothing for users and groups that it does not attend, and misses none of those that it does', async () => {
      const { node, reader, log } = await start();
      const sender = await start();
      const spy = new Redis(redis.url);
      await send(sender.node, { target: { users: ['8'] } });
      await send(sender.node, { target: { groups: ['h'] } });
      expect(await spy.call('PUBSUB', 'NUMSUB', `${ROOT}:c:u:8`, `${ROOT}:c:u:7`)).toEqual([
        `${ROOT}:c:u:8`,
        0,
        `${ROOT}:c:u:7`,
        2,
      ]);
      spy.disconnect();
      await send(node, { target: { users: ['7'] } });
      expect(reader.ids).toEqual(['n-3']);
      expect(log.position[0].number).toBe(3);
    });

    it('is past a message for several who are not here, so that who comes then reads it', async () => {
      const sender = await start();
      const node = await RedisLogNode.start(redis.url);
      nodes.push(node);
      node.log.follow(nobody);
      await hearFor(node.log, { userId: '7', groups: [] });
      await send(sender.node, { target: { users: ['8', '9'] } });
      await eventually(() => node.log.position[0].number === 1);
      const page = await node.log.read({
        after: [{ ...node.log.position[0], number: 0 }],
        audience: { userId: '8', groups: [] },
        maxMessages: 10,
        maxBytes: 10_000,
      });
      expect(page.messages.map(({ number }) => number)).toEqual([1]);
    });

    it('resolves a send at once whose channel this node does not follow', async () => {
      const { node } = await start();
      const delivery = await send(node, { target: { users: ['nobody here'] } });
      expect(delivery.matched).toEqual({ users: 0, connections: 0 });
    });

    it('follows a channel for a while after the last has gone, and then no longer', async () => {
      const { node, log, reader } = await start();
      log.leave('group', 'g');
      expect(log.hears({ userId: '7', groups: ['g'] })).toBe(true);
      await send(node, { target: { groups: ['g'] } });
      expect(reader.ids).toEqual(['n-1']);
      log.attend('group', 'g');
      log.leave('group', 'g');
      await eventually(async () => {
        const count = (await operator.call('PUBSUB', 'NUMSUB', `${ROOT}:c:g:g`)) as [string, number];
        return count[1] === 0;
      });
    });
  });

  describe('when Redis', () => {
    it('is not there at boot, refuses at once, and follows when it comes', async () => {
      operator.disconnect();
      await redis.kill();
      const node = RedisLogNode.open(redis.url);
      nodes.push(node);
      const reader = new LogReader(node.log);
      node.log.attend('user', '7');
      node.log.attend('group', 'g');

      await expect(send(node)).rejects.toMatchObject({
        code: 'PUSH_ERR_UNAVAILABLE',
        retryAfterMs: expect.any(Number),
      });
      const request = { audience: { userId: '7', groups: [] }, maxMessages: 10, maxBytes: 10_000 };
      await expect(node.log.read({ ...request, after: node.log.position })).rejects.toMatchObject({
        code: 'PUSH_ERR_UNAVAILABLE',
      });
      expect([node.log.isFollowing, reader.isLive]).toEqual([false, false]);

      await redis.run();
      await eventually(() => node.log.isFollowing && reader.isLive, { timeoutMs: 10_000 });
      expect((await send(node)).matched.connections).toBe(1);
    });

    it('comes back with nothing, refuses meanwhile and tells of a reset', async () => {
      const { node, reader, log } = await start();
      await send(node);
      const before = log.position;
      await redis.kill();
      await eventually(() => !log.isFollowing && !node.connections.isReady);
      await expect(send(node)).rejects.toMatchObject({ code: 'PUSH_ERR_UNAVAILABLE' });

      await redis.run();
      await eventually(() => log.isFollowing && reader.isLive, { timeoutMs: 10_000 });
      expect(reader.gaps).toEqual(['reset']);
      expect(log.position[0]).toMatchObject({ number: 0 });
      expect(log.position[0].epoch).not.toBe(before[0].epoch);
      await send(node);
      expect(reader.ids).toEqual(['n-1', 'n-3']);
    });

    it('comes back without its newest messages, tells of it who had them and who was away', async () => {
      const { node, log } = await start();
      await send(node);
      const kept = log.position;
      await operator.save();
      await send(node);
      await send(node);
      const lost = log.position;
      await redis.kill();
      await redis.run();
      await eventually(() => log.isFollowing && log.position[0].number === 2, { timeoutMs: 10_000 });
      await send(node);

      const request = { audience: { userId: '7', groups: [] }, maxMessages: 10, maxBytes: 10_000 };
      expect(log.position[0].number).toBe(lost[0].number);
      expect(await log.read({ ...request, after: lost })).toMatchObject({ gap: 'reset', messages: [] });
      const page = await log.read({ ...request, after: kept });
      expect(page).toMatchObject({ gap: 'expired', messages: { length: 1 } });
      expect(await log.read({ ...request, after: page.resumedFrom })).toMatchObject({ gap: undefined });
      expect(await log.read({ ...request, after: page.through })).toMatchObject({ gap: undefined });
    });

    it('comes back without what only its publisher knew of, and who is connected is told of that on every node', async () => {
      const [one, other] = [await start(), await start()];
      await send(one.node);
      await eventually(() => other.reader.ids.length === 1);
      await operator.save();
      // It is taken, and heard by nobody.
      await send(one.node, { target: { users: ['elsewhere'] } });
      await redis.kill();
      await redis.run();

      for (const { reader } of [one, other]) {
        await eventually(() => expect(reader.gaps).toEqual(['expired']), { timeoutMs: 10_000 });
        await eventually(() => reader.isLive);
      }
      await send(one.node);
      await eventually(() => expect(other.reader.ids).toEqual(['n-1', 'n-3']));
      expect([one.reader.gaps, other.reader.gaps]).toEqual([['expired'], ['expired']]);
    });

    it('has lost its end, which a node hears of that has gone on since: its clients are told', async () => {
      const { node, reader, log } = await start();
      await send(node);
      await operator.hset(ROOT, 'lost', 1);
      await operator.publish(`${ROOT}:lost`, '1');
      await eventually(() => expect(reader.gaps).toEqual(['expired']));
      await send(node);
      expect([reader.ids, reader.breaks, log.position[0].number]).toEqual([['n-1', 'n-2'], 0, 2]);
    });

    it('stands still for two seconds, loses and repeats nothing', async () => {
      const readers = [(await start()).reader, (await start()).reader];
      const sending = sendSteadily();
      await eventually(() => sending.accepted.length > 20);
      redis.freeze();
      setTimeout(() => redis.thaw(), 2_000);
      await eventually(() => sending.unknown.length > 0, { timeoutMs: 10_000 });
      const before = sending.accepted.length;
      await eventually(() => sending.accepted.length > before + 100, { timeoutMs: 10_000 });
      await sending.stop();
      await expectNothingLostNorTwice(readers, sending.accepted);
    });

    it('answers too late, takes the message once though it was told twice', async () => {
      const { node, reader } = await start();
      redis.freeze();
      const sent = send(node);
      setTimeout(() => redis.thaw(), 1_400);

      expect((await sent).matched.connections).toBe(1);
      await send(node);
      expect(reader.ids).toEqual(['n-1', 'n-2']);
    });

    it('is full, refuses in whole and goes on when it has room', async () => {
      const { node, reader, log } = await start();
      await operator.config('SET', 'maxmemory', '1');
      await expect(send(node)).rejects.toMatchObject({ code: 'PUSH_ERR_UNAVAILABLE' });
      await operator.config('SET', 'maxmemory', '0');
      await send(node);
      expect([reader.ids, log.position[0].number]).toEqual([['n-2'], 1]);
    });

    it('lets the list of a target go with its time, and the loss is still told', async () => {
      const { node, log } = await start({ historySeconds: 1 });
      const before = log.position;
      await send(node, { target: { users: ['7'] } });
      const request = { audience: { userId: '7', groups: [] }, maxMessages: 10, maxBytes: 10_000, after: before };
      await eventually(async () => expect(await operator.keys(`${ROOT}:*:h:*`)).toEqual([]));

      expect(await log.read(request)).toMatchObject({ gap: 'expired', messages: [] });
      expect(await log.read({ ...request, audience: { userId: '8', groups: [] } })).toMatchObject({ gap: undefined });
    });
  });

  describe('with others on its channel', () => {
    it('drops and counts what no node has sent, and loses nothing by it', async () => {
      const { node, reader, log } = await start({}, 'of this cluster alone');
      await send(node);
      const [{ epoch }] = log.position;
      const header = `${FRAME_VERSION} ${epoch.slice(0, 8)} 2 ${epoch.slice(8)} 1 ${epoch.slice(8)} 1 ${'i'.repeat(12)}`;
      for (const frame of ['', `${header}\n${FRAME_VERSION}forged`, header]) await operator.publish(CHANNEL, frame);
      await send(node);

      expect(log.droppedFrames).toEqual({ version: 0, forged: 1, truncated: 2, stale: 0, replayed: 0 });
      expect([reader.ids, reader.breaks]).toEqual([['n-1', 'n-2'], 0]);
    });

    it('reads from the log what a node of another version says, at its place', async () => {
      const { node, reader, log } = await start();
      await send(node);
      const script = publishScript({
        historyCount: 100,
        historyAllCount: 100,
        historySeconds: 300,
        forgetMs: 3_600_000,
        publishCommand: 'PUBLISH',
      });
      const [later, ofUser] = [
        new RedisScript(script.replace(`{'${FRAME_VERSION}', epoch`, "{'9', epoch")),
        `${ROOT}:c:u:7`,
      ];
      const say = (id: string, channel: string) => {
        const text = JSON.stringify({ id, event: 'e', data: 1, cursor: '' });
        const rest = ['0', '1', 0, '-', '', text, text.length, channel, channel];
        return later.run(operator, ROOT, ['', 'a-random', id, Date.now() + 7_000, ...rest]);
      };
      await Promise.all([say('other-1', 'a'), say('other-2', 'u:7')]);
      await send(node);
      await say('other-3', 'a');
      await operator.publish(ofUser, 'hello');

      await eventually(() => expect(reader.ids).toEqual(['n-1', 'other-1', 'other-2', 'n-2', 'other-3']));
      await send(node);
      await eventually(() => reader.ids.includes('n-3'));
      expect([reader.gaps, log.droppedFrames.version > 0]).toEqual([[], true]);
    });

    it('drops and counts what was recorded and is said again at the next place', async () => {
      const { node, reader, log } = await start();
      const spy = new Redis(redis.url);
      const recorded: string[] = [];
      spy.on('message', (_channel, message) => recorded.push(message));
      await spy.subscribe(CHANNEL);
      await send(node);
      await eventually(() => recorded.length === 1);
      const [{ epoch }] = log.position;
      const [, id = '', body = ''] = /(\S+)\n(.*)/s.exec(recorded[0] ?? '') ?? [];
      const header = `${FRAME_VERSION} ${epoch.slice(0, 8)} 2 ${epoch.slice(8)} 1 ${epoch.slice(8)} 1 ${id}`;
      await operator.publish(CHANNEL, recorded[0] ?? '');
      await operator.publish(CHANNEL, `${header}\n${body}`);
      await send(node);
      spy.disconnect();

      expect(log.droppedFrames.replayed).toBe(2);
      expect([reader.ids, reader.breaks]).toEqual([['n-1', 'n-2'], 0]);
    });

    it('listens to no node with another secret, and counts what it says', async () => {
      const { node, log } = await start({}, 'of this cluster alone');
      const stranger = await start({}, 'of another one');
      await send(stranger.node);
      await eventually(() => log.droppedFrames.forged === 1);
      await send(node);
      await eventually(() => stranger.log.droppedFrames.forged === 1);
    });
  });

  it('publishes what is not stored without a key of its own in Redis', async () => {
    const { node, reader } = await start();
    const before = (await operator.keys('*')).filter((key) => !key.includes(':ids:'));
    await send(node, { store: 'none' });
    expect(reader.ids).toEqual(['n-1']);
    expect((await operator.keys('*')).filter((key) => !key.includes(':ids:'))).toEqual(before);
  });

  it('ends what waits and leaves nothing running when it is closed', async () => {
    const { node, log } = await start();
    redis.freeze();
    const sent = send(node);
    log.close();
    await expect(sent).rejects.toMatchObject({ code: 'PUSH_ERR_PUBLISH_UNKNOWN' });
  });
});
