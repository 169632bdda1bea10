import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Delivery } from '../../../src/backing/message-log.interface.js';
import type { Target } from '../../../src/core/delivery-target.js';
import { DistinctIds } from '../../../src/core/distinct-ids.js';
import { OutgoingMessage } from '../../../src/core/outgoing-message.js';
import { encodeMessage } from '../../../src/protocol/frame-encoder.js';
import { ClusterReceipts } from '../../../src/push/cluster-receipts.js';
import type { NodeReport } from '../../../src/push/node-questions.js';
import { FakeTransport } from '../../../src/testing/fake-transport.js';
import { FakeConnections } from '../../support/fake-connections.js';
import { NodeBus } from '../../support/node-bus.js';

const everyone = { all: true } as const;

let fakes: FakeConnections;
let receipts: ClusterReceipts;

beforeEach(() => {
  fakes = new FakeConnections();
  const bus = new NodeBus();
  receipts = new ClusterReceipts(bus.add('here'), fakes.fanOut, fakes.clock);
  bus.add('there');
});

/** Has the message of this id come to this node. */
function deliver(id: string, target: Target = everyone, data: unknown = null): Delivery {
  const fields = { event: 'e', dataText: JSON.stringify(data), id, cursor: 'c', ts: '2026-01-01T00:00:00.000Z' };
  const message = new OutgoingMessage(encodeMessage({ ...fields, from: '"id":"forged"' }), 'c', 1);
  const delivery = { message, matched: fakes.fanOut.deliver(message, target) };
  receipts.delivered(delivery, target);
  return delivery;
}

const usersOf = (ids: readonly string[]) => DistinctIds.of(ids).toJSON();

describe('ClusterReceipts on a node that is asked', () => {
  it('counts a message that comes after the question', async () => {
    fakes.connect('7');
    const report = receipts.report('m2', everyone, 2_000);
    deliver('m1');
    deliver('m2');
    fakes.scheduler.flushAll();
    expect(await report).toEqual({ connections: 1, users: usersOf(['7']), written: 1 });
  });

  it('counts a message that was faster than the question', async () => {
    fakes.connect('7');
    deliver('m1', everyone, { id: 'm2', text: '"id":"m2"' });
    fakes.connect('8');
    deliver('m2');
    for (let later = 0; later < 200; later++) deliver(`later-${later}`);
    fakes.scheduler.flushAll();
    expect(await receipts.report('m2', everyone, 2_000)).toMatchObject({ connections: 2, written: 2 });
  });

  it('answers in time for the asker what a slow connection has not taken', async () => {
    fakes.connect('7');
    fakes.connect('8').transport.isBlocked = true;
    const report = receipts.report('m', everyone, 2_000);
    deliver('m');
    fakes.scheduler.flushAll();
    await new Promise((resolve) => setImmediate(resolve));
    fakes.clock.advance(1_999);
    expect(await report).toMatchObject({ connections: 2, written: 1, isUnsettled: true });
  });

  it('says at once that it has nobody, for it does not hear of the message then', async () => {
    expect(await receipts.report('m', everyone, 2_000)).toMatchObject({ connections: 0, written: 0 });
  });

  it('has nothing to say of a message that does not come', async () => {
    fakes.connect('7');
    const report = receipts.report('m', everyone, 2_000);
    deliver('other');
    fakes.clock.advance(1_999);
    expect(await report).toBeNull();
  });

  it('names no users where the message found nobody', async () => {
    deliver('m', { users: ['7'] });
    fakes.connect('7');
    expect(await receipts.report('m', { users: ['7'] }, 2_000)).toMatchObject({ connections: 0, users: usersOf([]) });
  });
});

describe('ClusterReceipts and polls, which are answered with the message and gone', () => {
  const pollsOf = (userIds: readonly string[]) =>
    userIds.map((userId) => fakes.connect(userId, {}, new FakeTransport('poll')).transport);

  /** Has the message answer the polls. */
  function answer(polls: readonly FakeTransport[]): Delivery {
    const delivery = deliver('m');
    fakes.scheduler.flushAll();
    for (const poll of polls) poll.onEnd();
    return delivery;
  }

  it.each([
    ['before the message comes', true],
    ['after it', false],
  ])('counts their users where it is asked %s', async (_, isBefore) => {
    const polls = pollsOf(['7', '8']);
    const early = isBefore ? receipts.report('m', everyone, 2_000) : undefined;
    answer(polls);
    const report = early ?? receipts.report('m', everyone, 2_000);
    expect(await report).toEqual({ connections: 2, users: usersOf(['7', '8']), written: 2 });
  });

  it('counts the users of many where it asks others itself', () => {
    const polls = pollsOf(Array.from({ length: 100 }, (_, index) => `${index}`));
    void receipts.ofOthers('m', everyone, 2_000);
    const here = answer(polls);
    receipts.published('m');
    expect(receipts.total(here, everyone, { answers: [], isPartial: false }).matched.users).toBe(100);
  });
});

describe('ClusterReceipts on a node that asks', () => {
  it('adds up what nodes answered, each user once', () => {
    fakes.connect('7');
    const here = deliver('m');
    fakes.scheduler.flushAll();
    const answers = [
      { connections: 2, users: usersOf(['7', '8']), written: 1 },
      { connections: 1, users: usersOf(['9']), written: 1 },
    ];
    expect(receipts.total(here, everyone, { answers, isPartial: false })).toEqual({
      matched: { users: 3, connections: 4 },
      written: 3,
    });
  });

  it.each(['here', 'there'])('is partial where a connection %s has neither taken nor lost the message', (where) => {
    fakes.connect('7').transport.isBlocked = where === 'here';
    const here = deliver('m');
    fakes.scheduler.flushAll();
    const there = {
      connections: 1,
      users: usersOf(['8']),
      written: 0,
      ...(where === 'there' && { isUnsettled: true }),
    };
    const { partial } = receipts.total(here, everyone, { answers: [there as NodeReport], isPartial: false });
    expect(partial).toBe(true);
  });

  it('is partial where a node had nothing to say', () => {
    const total = receipts.total(deliver('m'), everyone, { answers: [null], isPartial: false });
    expect(total).toEqual({ matched: { users: 0, connections: 0 }, written: 0, partial: true });
  });
});
