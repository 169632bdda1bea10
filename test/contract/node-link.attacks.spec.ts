import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import type { DropReason } from '../../src/backing/redis/frame-gate.js';
import { FRAME_VERSION, FrameSeal } from '../../src/backing/redis/sealed-frame.js';
import { eventually, eventuallyDefined } from '../support/eventually.js';
import { RedisNode } from '../support/redis-node.js';
import { redisAbsence, RedisServer } from '../support/redis-server.js';

const absence = redisAbsence();
const PREFIX = 'push:{attacked}';
const ALL = `${PREFIX}:node`;
const SECRET = 'of the cluster';
const TOLD = { operation: 'kick', payload: 7 };

/** A body as a node would write it, but for what is given. */
function bodyOf(changes: Readonly<Record<string, unknown>> = {}): string {
  const id = `id-${Math.random()}`;
  return JSON.stringify({ type: 'tell', id, from: 'somebody', atMs: Date.now(), ...TOLD, ...changes });
}

(absence === '' ? describe : describe.skip)(`a node whose Redis others may write to${absence}`, () => {
  let server: RedisServer;
  let attacker: Redis;
  let node: RedisNode;
  let friend: RedisNode;
  let carriedOut: unknown[];
  let unknown: number;

  beforeAll(async () => {
    server = await RedisServer.start();
    attacker = new Redis(server.url);
  });
  afterAll(async () => {
    attacker.disconnect();
    await server.stop();
  });
  beforeEach(async () => {
    node = await RedisNode.start(server.url, { prefix: PREFIX, secret: SECRET });
    friend = await RedisNode.start(server.url, { prefix: PREFIX, secret: SECRET });
    carriedOut = [];
    unknown = 0;
    node.link.handle(
      ({ operation, payload }) => {
        if (operation !== 'kick') return undefined;
        carriedOut.push(payload);
        return null;
      },
      () => unknown++,
    );
  });
  afterEach(async () => {
    await Promise.all([node.close(), friend.close()]);
  });

  /** What the node has dropped when it has heard everything so far. */
  const dropped = async (): Promise<Partial<Record<DropReason, number>>> => {
    await friend.link.tell({ operation: 'kick', payload: 'last' });
    await eventually(() => carriedOut.includes('last'));
    return Object.fromEntries(Object.entries(node.link.dropped).filter(([, count]) => count > 0));
  };
  const sealed = (body: string, channel = ALL, secret = SECRET) => new FrameSeal(secret).seal(channel, body);
  /** A frame that the friend has said, as it was on the wire. */
  const overheard = async (): Promise<string> => {
    const ear = new Redis(server.url);
    const heard: string[] = [];
    ear.on('message', (_channel, text) => heard.push(text));
    await ear.subscribe(ALL);
    await friend.link.tell(TOLD);
    const frame = await eventuallyDefined(() => heard[0]);
    ear.disconnect();
    await eventually(() => carriedOut.length === 1);
    return frame;
  };

  it('carries out what is well made', async () => {
    await attacker.publish(ALL, sealed(bodyOf()));
    expect(await dropped()).toEqual({});
    expect(carriedOut).toEqual([7, 'last']);
  });

  it.each([
    ['of somebody who has another secret', () => sealed(bodyOf(), ALL, 'guessed')],
    ['without a seal', () => `${FRAME_VERSION}.${bodyOf()}`],
    ['with an empty seal', () => `${FRAME_VERSION}${'A'.repeat(43)}.${bodyOf()}`],
    ['for another channel', () => sealed(bodyOf(), 'push:{other}:node')],
    ['that is empty', () => ''],
    [
      'of bytes that are no text',
      () => Buffer.concat([Buffer.from(FRAME_VERSION), Buffer.from([0xff, 0xfe, 0x00, 0x80])]),
    ],
  ])('drops a frame %s as forged', async (_name, make) => {
    await attacker.publish(ALL, make());
    expect(await dropped()).toEqual({ forged: 1 });
    expect(carriedOut).toEqual(['last']);
  });

  it('drops a frame that is changed or cut off anywhere', async () => {
    const frame = sealed(bodyOf());
    const broken = Array.from({ length: frame.length - 1 }, (_, index) => frame.slice(0, index + 1));
    const changed = [10, 44, 60, frame.length - 1].map(
      (at) => `${frame.slice(0, at)}${frame[at] === 'x' ? 'y' : 'x'}${frame.slice(at + 1)}`,
    );
    for (const text of [...broken, ...changed]) await attacker.publish(ALL, text);
    expect(await dropped()).toEqual({ forged: broken.length + changed.length });
    expect(carriedOut).toEqual(['last']);
  });

  it.each(['0', '1', '\u0001', '{', '🙂'])('drops a frame of version %p', async (version) => {
    await attacker.publish(ALL, version + sealed(bodyOf()).slice(1));
    expect(await dropped()).toEqual({ version: 1 });
    expect([carriedOut, unknown]).toEqual([['last'], 1]);
  });

  it('drops a frame that was recorded and is said again, on any channel', async () => {
    const frame = await overheard();
    for (const channel of [ALL, ALL, `${ALL}:${node.link.nodeId}`]) await attacker.publish(channel, frame);
    expect(await dropped()).toEqual({ replayed: 2, forged: 1 });
    expect(carriedOut).toEqual([7, 'last']);
  });

  it.each([
    ['long ago', -31_000],
    ['in times to come', 60_000],
  ])('drops a frame that was said %s', async (_name, aheadMs) => {
    await attacker.publish(ALL, sealed(bodyOf({ atMs: Date.now() + aheadMs })));
    expect(await dropped()).toEqual({ stale: 1 });
    expect(carriedOut).toEqual(['last']);
  });

  it.each([
    ['of a kind that it does not know', bodyOf({ type: 'order' })],
    ['for something that it does not know', bodyOf({ operation: 'constructor' })],
    ['without a time', bodyOf({ atMs: null })],
    ['that is no object', '[]'],
    ['that is null', 'null'],
    ['that is no JSON', '{'],
  ])('drops a frame %s', async (_name, body) => {
    await attacker.publish(ALL, sealed(body));
    expect(await dropped()).toEqual({ operation: 1 });
    expect(carriedOut).toEqual(['last']);
  });

  it('takes no answer that nobody gave', async () => {
    const asked = friend.link.ask({ operation: 'unknown', payload: null }, { withinMs: 5_000 });
    const forged = bodyOf({ type: 'answer', to: 'any', answer: 'forged', hasFailed: false });
    await attacker.publish(`${ALL}:${friend.link.nodeId}`, sealed(forged, ALL, 'guessed'));
    expect(await asked).toEqual({ answers: [], isPartial: true });
  });

  it('finds nothing in what was kept but what nodes of the cluster kept', async () => {
    await node.cutOff();
    await attacker.zadd(`${PREFIX}:kept`, Date.now(), sealed(bodyOf({ payload: 'forged' }), ALL, 'guessed'));
    await friend.link.tell({ operation: 'kick', payload: 'kept' }, 60_000);
    await node.reconnect();
    await eventually(() => carriedOut.length > 0 && node.link.nodeCount > 0);
    expect(await dropped()).toEqual({ forged: 1 });
    expect(carriedOut).toEqual(['kept', 'last']);
  });
});
